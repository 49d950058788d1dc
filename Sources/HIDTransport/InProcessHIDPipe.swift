public import CTAPHID
import Dispatch
import Synchronization

/// Two connected ends of a stream of HID reports within one process.
///
/// One end is asynchronous, for a ``CTAPHIDServer``; the other blocks, for C libraries that read and write in
/// callbacks on a thread of their own. No kernel is involved.
public struct InProcessHIDPipe: Sendable {
    /// The authenticator's end.
    public let deviceEnd: DeviceEnd
    /// The client platform's end.
    public let hostEnd: HostEnd

    /// A pipe.
    ///
    /// - Parameter capacity: How many reports may wait in each direction; a whole message has up to 129.
    public init(capacity: Int = 1024) {
        let towardsHost = BlockingReportQueue(capacity: capacity)
        let (reports, continuation) = AsyncThrowingStream.makeStream(
            of: HIDReport.self, bufferingPolicy: .bufferingOldest(capacity))
        // When the device stops reading, because it is cancelled or fails, the host's blocked thread must learn of it.
        continuation.onTermination = { _ in towardsHost.close() }
        deviceEnd = DeviceEnd(reports: reports, continuation: continuation, outgoing: towardsHost)
        hostEnd = HostEnd(incoming: towardsHost, outgoing: continuation)
    }

    /// The asynchronous end.
    public struct DeviceEnd: HIDReportChannel {
        /// The reports that the host writes.
        public let reports: AsyncThrowingStream<HIDReport, any Error>
        let continuation: AsyncThrowingStream<HIDReport, any Error>.Continuation
        let outgoing: BlockingReportQueue

        /// Sends a report to the host.
        ///
        /// A host that does not read loses the oldest reports, as with a kernel's hidraw device.
        ///
        /// - Throws: ``HIDPipeError/closed``.
        public func send(_ report: HIDReport) async throws {
            guard outgoing.append(report) else { throw HIDPipeError.closed }
        }

        /// Closes both directions; the host can still read what was sent before.
        public func close() {
            continuation.finish()
            outgoing.close()
        }
    }

    /// The blocking end.
    ///
    /// Its methods may be called from any thread, but ``read(timeoutMilliseconds:)`` not from the threads of Swift's
    /// concurrency: it blocks.
    public struct HostEnd: Sendable {
        let incoming: BlockingReportQueue
        let outgoing: AsyncThrowingStream<HIDReport, any Error>.Continuation

        /// Waits for a report.
        ///
        /// - Parameter timeoutMilliseconds: How long to wait; a negative number is for ever.
        /// - Returns: `nil` when the time is over.
        /// - Throws: ``HIDPipeError/closed`` once the pipe is closed and everything has been read.
        public func read(timeoutMilliseconds: Int) throws(HIDPipeError) -> HIDReport? {
            try incoming.removeFirst(timeoutMilliseconds: timeoutMilliseconds)
        }

        /// Sends a report to the device; never blocks.
        ///
        /// - Throws: ``HIDPipeError/closed``, or ``HIDPipeError/full`` when the device does not read.
        public func write(_ report: HIDReport) throws(HIDPipeError) {
            switch outgoing.yield(report) {
            case .enqueued: return
            case .dropped: throw .full
            default: throw .closed
            }
        }

        /// Closes both directions.
        public func close() {
            outgoing.finish()
            incoming.close()
        }
    }
}

/// Why a report did not pass through an ``InProcessHIDPipe``.
public enum HIDPipeError: Error, Hashable, Sendable {
    /// One end has closed the pipe.
    case closed
    /// Too many reports wait to be read.
    case full
}

extension HIDPipeError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .closed: "the other end of the HID pipe is closed; connect again"
        case .full: "the other end of the HID pipe does not read; connect again"
        }
    }
}

/// A bounded queue of reports whose reader blocks its thread.
final class BlockingReportQueue: Sendable {
    private struct State {
        var reports: [HIDReport] = []
        var isClosed = false
    }

    private let capacity: Int
    private let state = Mutex(State())
    /// Counts reports, and the closing; may count more than there are after the oldest were dropped.
    private let available = DispatchSemaphore(value: 0)

    init(capacity: Int) { self.capacity = max(capacity, 1) }

    /// Adds a report, dropping the oldest one if the queue is full.
    ///
    /// - Returns: `false` when the queue is closed.
    func append(_ report: HIDReport) -> Bool {
        let isOpen = state.withLock { state in
            guard !state.isClosed else { return false }
            if state.reports.count >= capacity { state.reports.removeFirst() }
            state.reports.append(report)
            return true
        }
        if isOpen { available.signal() }
        return isOpen
    }

    func close() {
        state.withLock { $0.isClosed = true }
        available.signal()
    }

    func removeFirst(timeoutMilliseconds: Int) throws(HIDPipeError) -> HIDReport? {
        let deadline: DispatchTime =
            timeoutMilliseconds < 0 ? .distantFuture : .now() + .milliseconds(timeoutMilliseconds)
        while true {
            let outcome = available.wait(timeout: deadline)
            let (report, isClosed) = state.withLock { state in
                (state.reports.isEmpty ? nil : state.reports.removeFirst(), state.isClosed)
            }
            if let report { return report }
            if isClosed {
                // Whoever reads next must find the queue closed, too.
                available.signal()
                throw .closed
            }
            if outcome == .timedOut { return nil }
        }
    }
}
