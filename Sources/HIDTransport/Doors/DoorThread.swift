import CFuse
import Glibc
import Synchronization

/// A thread that runs the tasks of doors, and in between waits for their descriptors.
///
/// A request that arrives is read, answered and sent without another thread being woken, which costs more than all the
/// rest; and a thread that waits costs nothing. Whatever an authenticator does on it holds up the other doors, too:
/// work of more than some milliseconds belongs elsewhere.
public final class DoorThread: TaskExecutor {
    /// Looks at a descriptor that is ready; returns whether that was all there was to do.
    typealias Attendance = @Sendable () -> Bool

    private struct Waiter {
        let descriptors: [CInt]
        let events: Int16
        let attend: Attendance?
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var jobs: [UnownedJob] = []
        var waiters: [UInt64: Waiter] = [:] {
            didSet { waitersChangeCount &+= 1 }
        }
        /// Tells whether others are waited for than before.
        var waitersChangeCount: UInt64 = 0
        var lastID: UInt64 = 0
        /// Whether the thread sleeps in poll(), or is about to.
        var isWaiting = false
        var isEnding = false
    }

    /// What poll() is given, and who waits for each entry but the first; kept for as long as the waiters are the same.
    private struct Polling {
        var entries: [pollfd] = []
        var waiters: [UInt64] = []
        var waitersChangeCount: UInt64?
        var vigil = Vigil()
    }

    /// How often jobs may be run before descriptors are looked at again: one busy client must not keep others out.
    private static let roundLimit = 64

    private let state = Mutex(State())
    /// Readable when the thread is to look at its state.
    private let wakeDescriptor: CInt

    private init() throws(ReportSocketError) {
        wakeDescriptor = aikagi_eventfd()
        guard wakeDescriptor >= 0 else { throw .system(call: "eventfd", errorNumber: errno) }
    }

    deinit { close(wakeDescriptor) }

    /// Runs an operation and its child tasks on a new thread, which ends with it.
    ///
    /// - Throws: What the operation throws, or ``ReportSocketError`` when there are no resources for a thread.
    @concurrent
    public static func run<Value: Sendable>(
        _ operation: @Sendable (DoorThread) async throws -> Value
    ) async throws -> Value {
        let thread = try DoorThread()
        guard OwnedThread.start({ thread.serve() }) else {
            throw ReportSocketError.system(call: "pthread_create", errorNumber: EAGAIN)
        }
        defer { thread.end() }
        return try await withTaskExecutorPreference(thread) { try await operation(thread) }
    }

    /// Takes a job for the thread.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let mustWake = state.withLock { state in
            state.jobs.append(job)
            defer { state.isWaiting = false }
            return state.isWaiting
        }
        if mustWake { wake() }
    }

    /// Waits until one of some descriptors is ready, or has failed, or the task is cancelled.
    ///
    /// - Parameters:
    ///   - events: POLLIN or POLLOUT.
    ///   - descriptors: Must stay open meanwhile.
    ///   - attend: Is asked on the thread, each time that one is ready; as long as that was all, the wait goes on.
    func wait(for events: CInt, of descriptors: [CInt], attendedBy attend: Attendance? = nil) async {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waiter = Waiter(
                    descriptors: descriptors, events: Int16(events), attend: attend, continuation: continuation)
                let mustWake = state.withLock { state in
                    state.waiters[id] = waiter
                    defer { state.isWaiting = false }
                    return state.isWaiting
                }
                if mustWake { wake() }
                // Cancelled before it was registered: nobody else will end this wait.
                if Task.isCancelled { endWait(id) }
            }
        } onCancel: {
            endWait(id)
        }
    }

    private func endWait(_ id: UInt64) {
        state.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume()
    }

    private func end() {
        state.withLock { $0.isEnding = true }
        wake()
    }

    private func wake() {
        var one: UInt64 = 1
        // It cannot fail but by overflow, and then the thread is awake anyway.
        _ = write(wakeDescriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// The thread.
    private func serve() {
        let executor = asUnownedTaskExecutor()
        var jobs: [UnownedJob] = []
        var polling = Polling()
        var round = 0
        while true {
            jobs.removeAll(keepingCapacity: true)
            let (isIdle, isOver) = state.withLock { state in
                swap(&jobs, &state.jobs)
                state.isWaiting = jobs.isEmpty
                return (jobs.isEmpty, jobs.isEmpty && state.isEnding)
            }
            if isOver { return }
            for job in jobs { job.runSynchronously(on: executor) }
            round += 1
            if isIdle || round >= DoorThread.roundLimit {
                round = 0
                lookAtDescriptors(&polling, waiting: isIdle)
            }
        }
    }

    /// Ends the waits for descriptors that are ready, after waiting for the first one if need be.
    private func lookAtDescriptors(_ polling: inout Polling, waiting: Bool) {
        state.withLock { state in
            guard polling.waitersChangeCount != state.waitersChangeCount else { return }
            polling.waitersChangeCount = state.waitersChangeCount
            polling.entries.removeAll(keepingCapacity: true)
            polling.waiters.removeAll(keepingCapacity: true)
            polling.entries.append(pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0))
            for (id, waiter) in state.waiters {
                for descriptor in waiter.descriptors {
                    polling.waiters.append(id)
                    polling.entries.append(pollfd(fd: descriptor, events: waiter.events, revents: 0))
                }
            }
        }
        let count = waiting ? DoorThread.wait(&polling) : poll(&polling.entries, nfds_t(polling.entries.count), 0)
        state.withLock { $0.isWaiting = false }
        guard count > 0 else { return }
        if polling.entries.first?.revents != 0 {
            var wakings: UInt64 = 0
            // How often it was woken does not matter.
            _ = read(wakeDescriptor, &wakings, MemoryLayout<UInt64>.size)
        }
        for index in polling.waiters.indices where polling.entries[index + 1].revents != 0 {
            let id = polling.waiters[index]
            if let attend = state.withLock({ $0.waiters[id]?.attend }), attend() { continue }
            endWait(id)
        }
    }

    /// Waits for the first descriptor: awake at first, if that has been worth it lately, and then asleep.
    private static func wait(_ polling: inout Polling) -> CInt {
        let size = nfds_t(polling.entries.count)
        if polling.vigil.begins() {
            let end = ContinuousClock.now + Vigil.duration
            repeat {
                let count = poll(&polling.entries, size, 0)
                if count != 0 {
                    polling.vigil.ended(byEvent: true)
                    return count
                }
            } while ContinuousClock.now < end
            polling.vigil.ended(byEvent: false)
        }
        return poll(&polling.entries, size, -1)
    }
}
