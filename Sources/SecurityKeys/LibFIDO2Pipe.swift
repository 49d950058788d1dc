import CLibFIDO2
import CTAPHID
import HIDTransport
import Synchronization

/// The host end of a pipe as libfido2's callbacks see it.
///
/// The open callback gets nothing but a path, so each pipe has a path of its own and waits in a registry.
final class LibFIDO2Pipe: Sendable {
    /// How long each wait for a report lasts before the cancellation flag is looked at, in milliseconds.
    private static let sliceMilliseconds = 50
    /// How long a cancelled authenticator may take to answer, in slices, before it counts as lost.
    private static let slicesAfterCancellation = 60

    private struct Registry {
        var count = 0
        var pipes: [String: LibFIDO2Pipe] = [:]
    }

    private struct State {
        var cancellation: OperationCancellation?
        var slicesSinceCancel: Int?
    }

    private static let registry = Mutex(Registry())

    /// The path that opens this pipe, for example `aikagi-pipe:1`.
    let path: String
    private let end: InProcessHIDPipe.HostEnd
    private let state = Mutex(State())

    private init(_ end: InProcessHIDPipe.HostEnd, path: String) {
        self.end = end
        self.path = path
    }

    /// Makes the end available under a new path, until ``unregister()``.
    static func register(_ end: InProcessHIDPipe.HostEnd) -> LibFIDO2Pipe {
        registry.withLock { registry in
            registry.count += 1
            let pipe = LibFIDO2Pipe(end, path: "aikagi-pipe:\(registry.count)")
            registry.pipes[pipe.path] = pipe
            return pipe
        }
    }

    private static func find(_ path: String) -> LibFIDO2Pipe? { registry.withLock { $0.pipes[path] } }

    /// Forgets the path; an open pipe stays open.
    func unregister() {
        _ = LibFIDO2Pipe.registry.withLock { $0.pipes.removeValue(forKey: path) }
    }

    /// Closes the pipe.
    func close() { end.close() }

    /// Names the operation whose cancellation the next reads look out for.
    func begin(_ cancellation: OperationCancellation?) {
        state.withLock { $0 = State(cancellation: cancellation, slicesSinceCancel: nil) }
    }

    /// The callbacks for `fido_dev_set_io_functions`.
    static var callbacks: fido_dev_io_t {
        fido_dev_io_t(
            open: { path in
                guard let path, let pipe = LibFIDO2Pipe.find(String(cString: path)) else { return nil }
                // Balanced by the close callback.
                return Unmanaged.passRetained(pipe).toOpaque()
            },
            close: { handle in
                guard let handle else { return }
                Unmanaged<LibFIDO2Pipe>.fromOpaque(handle).takeRetainedValue().close()
            },
            read: { handle, buffer, count, timeout in
                guard let handle, let buffer else { return -1 }
                let pipe = Unmanaged<LibFIDO2Pipe>.fromOpaque(handle).takeUnretainedValue()
                guard count >= HIDReport.byteCount, let report = pipe.read(timeoutMilliseconds: Int(timeout)) else {
                    return -1
                }
                for (index, byte) in report.bytes.enumerated() { buffer[index] = byte }
                return CInt(HIDReport.byteCount)
            },
            write: { handle, buffer, count in
                guard let handle, let buffer else { return -1 }
                let pipe = Unmanaged<LibFIDO2Pipe>.fromOpaque(handle).takeUnretainedValue()
                // The library puts a report number in front, as hidraw wants it.
                let bytes = UnsafeBufferPointer(start: buffer, count: count).dropFirst()
                guard let report = HIDReport(bytes: bytes), pipe.write(report) else { return -1 }
                return CInt(count)
            })
    }

    private func write(_ report: HIDReport) -> Bool {
        do throws(HIDPipeError) {
            try end.write(report)
            state.withLock { $0.cancellation?.note(channel: CTAPHIDPacket(report).channel) }
            return true
        } catch {
            return false
        }
    }

    /// Waits for a report in short slices; sends CTAPHID_CANCEL, once, when the operation has been cancelled.
    ///
    /// The library reads only after it has sent the whole request, so the CANCEL never overtakes it.
    private func read(timeoutMilliseconds: Int) -> HIDReport? {
        var remaining = timeoutMilliseconds < 0 ? Int.max : timeoutMilliseconds
        do throws(HIDPipeError) {
            while true {
                guard try cancelIfRequested() else { return nil }
                let slice = min(remaining, LibFIDO2Pipe.sliceMilliseconds)
                if let report = try end.read(timeoutMilliseconds: slice) { return report }
                remaining -= slice
                if remaining <= 0 { return nil }
            }
        } catch {
            return nil
        }
    }

    /// - Returns: `false` when the authenticator has ignored the CANCEL for too long.
    private func cancelIfRequested() throws(HIDPipeError) -> Bool {
        let (report, goesOn) = state.withLock { state -> (HIDReport?, Bool) in
            guard let cancellation = state.cancellation, cancellation.isRequested else { return (nil, true) }
            if let slices = state.slicesSinceCancel {
                state.slicesSinceCancel = slices + 1
                return (nil, slices < LibFIDO2Pipe.slicesAfterCancellation)
            }
            state.slicesSinceCancel = 0
            return (cancellation.report, true)
        }
        if let report { try end.write(report) }
        return goesOn
    }
}

/// Whether the task that waits for an operation has been cancelled.
///
/// `fido_dev_cancel` does no more than to send CTAPHID_CANCEL, but through the device that another thread is using;
/// so the thread that operates the device sends the packet itself, on the channel that the library last wrote on.
final class OperationCancellation: Sendable {
    private struct State {
        var isRequested = false
        var channel: ChannelID?
    }

    private let state = Mutex(State())

    var isRequested: Bool { state.withLock(\.isRequested) }

    func request() { state.withLock { $0.isRequested = true } }

    func note(channel: ChannelID) { state.withLock { $0.channel = channel } }

    /// The CTAPHID_CANCEL packet.
    var report: HIDReport? {
        state.withLock(\.channel).map {
            CTAPHIDPacket.initialization(channel: $0, command: .cancel, byteCount: 0, data: []).report
        }
    }
}
