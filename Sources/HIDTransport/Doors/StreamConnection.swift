import CTAPHID
import Glibc
import Synchronization

/// A connected stream socket as the far end of a door.
final class StreamConnection: DoorConnection {
    private struct State {
        var decoder: ReportDecoder
        var attendant: HIDReportAttendant?
        /// A report that the attendant has left.
        var left: HIDReport?
        /// The rest of an attendant's answer that was not taken at once.
        var unsent: ArraySlice<UInt8> = []
    }

    let outlastsPower = false
    private let descriptor: DoorDescriptor
    private let framing: ReportFraming
    private let state: Mutex<State>

    /// How much is read at once; the longest message has 129 reports.
    private static let readLimit = 4096
    /// How much is read for the attendant at once: it answers short requests.
    private static let attendedReadLimit = 512
    /// How many reports the attendant answers at a time; others wait for their turn meanwhile.
    private static let answerLimit = 8

    init(_ descriptor: DoorDescriptor, framing: ReportFraming) {
        self.descriptor = descriptor
        self.framing = framing
        state = Mutex(State(decoder: ReportDecoder(framing)))
    }

    deinit { descriptor.owner.shutDown() }

    func setAttendant(_ attendant: HIDReportAttendant?) { state.withLock { $0.attendant = attendant } }

    func receive() async throws(ReportSocketError) -> DoorInput? {
        while true {
            if let report = try await nextReport() { return .report(report) }
            await descriptor.waitToRead(attendedBy: attend)
            if Task.isCancelled { return nil }
            if let report = try await nextReport() { return .report(report) }
            let bytes = try await descriptor.read(upTo: StreamConnection.readLimit)
            guard !bytes.isEmpty else {
                let count = state.withLock(\.decoder.unfinishedByteCount)
                guard count == 0 || Task.isCancelled else { throw .truncatedReport(byteCount: count) }
                return nil
            }
            state.withLock { $0.decoder.append(bytes) }
        }
    }

    func send(_ reports: [HIDReport]) async throws(ReportSocketError) { try await write(framing.encode(reports)) }

    private func write(_ bytes: [UInt8]) async throws(ReportSocketError) {
        do {
            try await descriptor.write(bytes, isSocket: true)
        } catch {
            // Half a report may be on its way.
            descriptor.owner.shutDown()
            throw error
        }
    }

    /// The next report that is here, after the rest of the answer to those before it.
    private func nextReport() async throws(ReportSocketError) -> HIDReport? {
        let rest = state.withLock { state in
            defer { state.unsent = [] }
            return state.unsent
        }
        if !rest.isEmpty { try await write(Array(rest)) }
        let report = state.withLock { state in
            if let left = state.left.take() { return Result<HIDReport?, ReportSocketError>.success(left) }
            return Result { () throws(ReportSocketError) in try state.decoder.next() }
        }
        return try report.get()
    }

    /// Reads what has come in and lets the attendant answer it.
    ///
    /// It goes on with what comes in meanwhile: a client on the same core has often asked again before the answer before is
    /// quite sent, and to find that out by waiting costs more than to try.
    ///
    /// - Returns: Whether that was all; everything else, errors included, is left to ``receive()``.
    private func attend() -> Bool {
        state.withLock { state in
            guard let attendant = state.attendant else { return false }
            for round in 0..<StreamConnection.answerLimit {
                let next: HIDReport?
                // What cannot be decoded stays where it is, to fail again.
                do {
                    if let report = try state.decoder.next() {
                        next = report
                    } else {
                        guard let bytes = descriptor.readAtOnce(upTo: StreamConnection.attendedReadLimit) else {
                            // If nothing at all is there although something was announced, the stream is at its end.
                            return round > 0
                        }
                        state.decoder.append(bytes)
                        next = try state.decoder.next()
                    }
                } catch {
                    return false
                }
                // Of the rest of half a report poll() tells.
                guard let next else { return true }
                guard let answer = attendant(next) else {
                    state.left = next
                    return false
                }
                let bytes = framing.encode(answer)
                let sent = descriptor.sendAtOnce(bytes)
                guard sent == bytes.count else {
                    state.unsent = bytes[sent...]
                    return false
                }
            }
            // Of what is still in the socket poll() tells, of what is here nobody.
            return state.decoder.unfinishedByteCount == 0
        }
    }
}
