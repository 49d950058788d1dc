public import CTAPHID

/// A stream of HID reports in both directions: a virtual device, a socket, a pipe.
public protocol HIDReportChannel: Sendable {
    /// The reports that the other side sends, in order.
    ///
    /// It ends when the other side closes the channel, and throws when the channel breaks. Only one task may read it.
    var reports: AsyncThrowingStream<HIDReport, any Error> { get }

    /// Sends a report to the other side; returns once it is on its way.
    func send(_ report: HIDReport) async throws

    /// Sends the reports of one message; returns once they are on their way.
    func send(contentsOf reports: [HIDReport]) async throws
}

extension HIDReportChannel {
    /// Sends one report after the other; channels that can send several at once do so.
    public func send(contentsOf reports: [HIDReport]) async throws {
        for report in reports { try await send(report) }
    }
}
