import CFuse
import CTAPHID
import Glibc
import Synchronization

/// What other threads want of the one that serves a hidraw device: reports to deliver, and its end.
final class HidrawMailbox: Sendable {
    private struct State {
        var outgoing: [HIDReport] = []
        var isStopping = false
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// How many reports may wait for the thread; it takes them within microseconds unless the machine is stuck.
    private static let capacity = 4096

    /// Readable while there is something in the box.
    let wakeDescriptor: CInt
    private let state = Mutex(State())

    /// A mailbox; `nil` when the process has no more descriptors.
    init?() {
        let descriptor = aikagi_eventfd()
        guard descriptor >= 0 else { return nil }
        wakeDescriptor = descriptor
    }

    deinit { close(wakeDescriptor) }

    /// Puts a report in; `false` when the device is gone.
    func post(_ report: HIDReport) -> Bool {
        let isAlive = state.withLock { state in
            guard !state.hasEnded, !state.isStopping else { return false }
            if state.outgoing.count < HidrawMailbox.capacity { state.outgoing.append(report) }
            return true
        }
        if isAlive { wake() }
        return isAlive
    }

    /// Tells the thread to end.
    func stop() {
        state.withLock { $0.isStopping = true }
        wake()
    }

    /// Takes everything out, for the thread.
    func take() -> (reports: [HIDReport], isStopping: Bool) {
        var count: UInt64 = 0
        // What is read is only how often it was woken; nothing to read is fine, too.
        _ = read(wakeDescriptor, &count, MemoryLayout<UInt64>.size)
        return state.withLock { state in
            defer { state.outgoing = [] }
            return (state.outgoing, state.isStopping)
        }
    }

    /// Tells everyone that the thread has ended.
    func markEnded() {
        let waiters = state.withLock { state in
            state.hasEnded = true
            state.outgoing = []
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits until the thread has ended.
    func waitForEnd() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.waiters.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    private func wake() {
        var one: UInt64 = 1
        // It cannot fail but by overflow, and then the thread is awake anyway.
        _ = write(wakeDescriptor, &one, MemoryLayout<UInt64>.size)
    }
}
