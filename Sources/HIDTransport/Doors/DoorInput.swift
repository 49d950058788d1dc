import CTAPHID

/// What comes in at a door.
enum DoorInput: Sendable {
    /// A report.
    case report(HIDReport)
    /// The wish that the key's power be taken away and given back.
    case powerCycle
    /// The program that used the door has left; whatever it has begun is void.
    case clientLeft
}

/// The far end of a door: one connection, or one port for everybody.
protocol DoorConnection: Sendable {
    /// Whether it stays where it is while the key has no power; if not, it ends.
    var outlastsPower: Bool { get }

    /// What comes next; `nil` when the other side has gone, or the task is cancelled. Only one task may call it.
    func receive() async throws(ReportSocketError) -> DoorInput?

    /// Lets reports be answered before ``receive()`` has them; a connection need not ask.
    func setAttendant(_ attendant: HIDReportAttendant?)

    /// Sends the reports of a message.
    func send(_ reports: [HIDReport]) async throws(ReportSocketError)
}

extension DoorConnection {
    func setAttendant(_ attendant: HIDReportAttendant?) {}
}
