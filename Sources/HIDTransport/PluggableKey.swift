public import CTAP
import CTAPHID
import Synchronization

/// An authenticator behind a channel of reports that outlives it: plugged in it is served, taken out it is silent.
///
/// Each time it is plugged in it begins anew, as a device that gets power: no channels, no transactions.
public final class PluggableKey: Sendable {
    private struct State {
        var isPlugged: Bool
        /// Where reports of the present plugging-in go.
        var inlet: AsyncThrowingStream<HIDReport, any Error>.Continuation?
    }

    /// How many reports may wait for the server; a message has 129 at most, and clients wait for the answer.
    private static let unreadReportLimit = 1024

    private let authenticator: any CTAPAuthenticator
    private let channel: any HIDReportChannel
    private let state: Mutex<State>
    private let pluggings: AsyncStream<AsyncThrowingStream<HIDReport, any Error>>
    private let plugged: AsyncStream<AsyncThrowingStream<HIDReport, any Error>>.Continuation

    /// A key that is served once it runs.
    public init(authenticator: any CTAPAuthenticator, channel: any HIDReportChannel, isPlugged: Bool) {
        self.authenticator = authenticator
        self.channel = channel
        state = Mutex(State(isPlugged: false))
        (pluggings, plugged) = AsyncStream.makeStream(of: AsyncThrowingStream<HIDReport, any Error>.self)
        setPlugged(isPlugged)
    }

    /// Plugs it in or takes it out; a request that is being worked on is cancelled then.
    public func setPlugged(_ isPlugged: Bool) {
        typealias Reports = AsyncThrowingStream<HIDReport, any Error>
        let (previous, stream) = state.withLock { state -> (Reports.Continuation?, Reports?) in
            guard state.isPlugged != isPlugged else { return (nil, nil) }
            let previous = state.inlet
            state.isPlugged = isPlugged
            state.inlet = nil
            guard isPlugged else { return (previous, nil) }
            let (stream, inlet) = Reports.makeStream(bufferingPolicy: .bufferingOldest(PluggableKey.unreadReportLimit))
            state.inlet = inlet
            return (previous, stream)
        }
        previous?.finish()
        if let stream { plugged.yield(stream) }
    }

    /// Serves until the channel ends or the task is cancelled.
    ///
    /// - Throws: What the channel throws.
    public func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { [self] in
                for try await report in channel.reports {
                    _ = state.withLock { $0.inlet?.yield(report) }
                }
                plugged.finish()
                state.withLock(\.inlet)?.finish()
            }
            for await reports in pluggings {
                let channel = PluggedChannel(reports: reports, channel: channel)
                // One after the other: the next begins when the last has ended, so that no old answer follows.
                try await CTAPHIDServer(authenticator: authenticator, channel: channel).run()
            }
            group.cancelAll()
        }
    }
}

/// The channel of one plugging-in.
private struct PluggedChannel: HIDReportChannel {
    let reports: AsyncThrowingStream<HIDReport, any Error>
    let channel: any HIDReportChannel

    func send(_ report: HIDReport) async throws { try await channel.send(report) }
}
