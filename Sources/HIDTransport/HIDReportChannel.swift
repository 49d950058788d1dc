public import CTAPHID

/// Answers a report at once, if that takes no waiting.
public typealias HIDReportAttendant = @Sendable (HIDReport) -> [HIDReport]?

/// A stream of HID reports in both directions: a virtual device, a socket, a pipe.
public protocol HIDReportChannel: Sendable {
    /// The reports that the other side sends, in order.
    ///
    /// It ends when the other side closes the channel, and throws when the channel breaks. Only one task may read it.
    var reports: AsyncThrowingStream<HIDReport, any Error> { get }

    /// Lets reports be answered where they come in, before ``reports`` has them.
    ///
    /// - Parameter attendant: What it returns is sent, and the report does not come among ``reports``; `nil` leaves it to whoever
    ///   reads these. It is asked in order, but not about a report behind one that it has left. Without one, all are left.
    func setAttendant(_ attendant: HIDReportAttendant?)

    /// Sends a report to the other side; returns once it is on its way.
    func send(_ report: HIDReport) async throws

    /// Sends the reports of one message; returns once they are on their way.
    func send(contentsOf reports: [HIDReport]) async throws
}

extension HIDReportChannel {
    /// Leaves every report to whoever reads ``reports``.
    public func setAttendant(_ attendant: HIDReportAttendant?) {}

    /// Sends one report after the other; channels that can send several at once do so.
    public func send(contentsOf reports: [HIDReport]) async throws {
        for report in reports { try await send(report) }
    }
}
