import CTAPHID
import Glibc

/// A descriptor that does not block, read and written on a ``DoorThread``.
struct DoorDescriptor: Sendable {
    let owner: SocketDescriptor
    private let thread: DoorThread

    /// Takes over an open descriptor.
    init(_ owner: SocketDescriptor, on thread: DoorThread) throws(ReportSocketError) {
        self.owner = owner
        self.thread = thread
        let flags = fcntl(owner.number, F_GETFL)
        guard flags >= 0, fcntl(owner.number, F_SETFL, flags | O_NONBLOCK) >= 0 else {
            throw .system(call: "fcntl", errorNumber: errno)
        }
    }

    var number: CInt { owner.number }

    /// Calls a function of the C library until it neither is interrupted nor would block.
    ///
    /// Reading waits first, as there mostly is nothing yet; writing tries first.
    ///
    /// - Returns: What it returns, or its error number; `nil` when the task is cancelled while it waits.
    func retry<Count: SignedInteger>(
        waitingFor events: CInt, _ call: (CInt) -> Count
    ) async -> Result<Count, ErrorNumber>? {
        var mustWait = events == POLLIN
        while true {
            if mustWait {
                await thread.wait(for: events, of: [number])
                if Task.isCancelled { return nil }
                mustWait = false
            }
            let result = call(number)
            if result >= 0 { return .success(result) }
            switch errno {
            case EINTR: continue
            case EAGAIN: mustWait = true
            case let number: return .failure(ErrorNumber(value: number))
            }
        }
    }

    /// Waits until there is something to read that `attend` does not deal with, or the task is cancelled.
    func waitToRead(attendedBy attend: @escaping DoorThread.Attendance) async {
        await thread.wait(for: POLLIN, of: [number], attendedBy: attend)
    }

    /// Writes as much as is taken at once.
    ///
    /// - Returns: How many bytes that is; an error shows at the next attempt.
    func sendAtOnce(_ bytes: [UInt8]) -> Int {
        max(0, bytes.withUnsafeBytes { send(number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) })
    }

    /// Reads what is there at once.
    ///
    /// - Returns: `nil` when there is nothing, or reading has failed; an error shows at the next attempt.
    func readAtOnce(upTo limit: Int) -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = max(0, Glibc.read(number, buffer.baseAddress, limit))
        }
        return bytes.isEmpty ? nil : bytes
    }

    /// Writes everything.
    ///
    /// - Throws: ``ReportSocketError/closed``, too, when the task was cancelled and something may be on its way in
    ///   part.
    func write(_ bytes: [UInt8], isSocket: Bool) async throws(ReportSocketError) {
        var sent = 0
        while sent < bytes.count {
            let rest = bytes[sent...]
            let result = await retry(waitingFor: POLLOUT) { number in
                rest.withUnsafeBytes { buffer in
                    isSocket
                        ? send(number, buffer.baseAddress, buffer.count, CInt(MSG_NOSIGNAL))
                        : Glibc.write(number, buffer.baseAddress, buffer.count)
                }
            }
            switch result {
            case .success(let count): sent += count
            case .failure(let error) where error.meansGone: throw .closed
            case .failure(let error): throw .system(call: "send", errorNumber: error.value)
            case nil: throw .closed
            }
        }
    }

    /// Reads what is there, at least one byte; nothing when the other side has gone or the task is cancelled.
    func read(upTo limit: Int) async throws(ReportSocketError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        let result = await retry(waitingFor: POLLIN) { number in
            bytes.withUnsafeMutableBytes { Glibc.read(number, $0.baseAddress, $0.count) }
        }
        switch result {
        case .success(let count):
            bytes.removeLast(limit - count)
            return bytes
        case .failure(let error) where error.meansGone: return []
        case .failure(let error): throw .system(call: "read", errorNumber: error.value)
        case nil: return []
        }
    }
}

/// The number of an error of the C library.
struct ErrorNumber: Error {
    let value: CInt

    /// Whether it says no more than that the other side has gone.
    var meansGone: Bool { [EPIPE, ECONNRESET, EIO, ETIMEDOUT].contains(value) }

    /// Whether it may say that datagrams cannot be cut on the way to this address.
    var meansNoSegmentation: Bool { [EINVAL, EIO, EMSGSIZE, EOPNOTSUPP, ENOPROTOOPT].contains(value) }
}
