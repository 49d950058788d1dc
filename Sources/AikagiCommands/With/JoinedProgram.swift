import Foundation
import HIDTransport
import ProgramRunner

/// A program that sees the devices of a session that is already there (`aikagi with --join`).
struct JoinedProgram: Sendable {
    private let socket: String

    /// - Parameter session: The session's folder.
    init(session: String) { socket = session + "/" + SessionControl.socketName }

    /// Runs the program, which ends with the session at the latest.
    ///
    /// - Returns: Its exit status.
    func run(_ command: [String]) async throws -> Int32 {
        return try await LineConnection.connect(to: socket) { lines, connection in
            try await connection.send(SessionRequest(command: .join))
            guard let seat = try await lines.next(SessionReply.self)?.seat else {
                throw CommandFailure("the session at \(socket) does not take another program")
            }
            var plan = ProgramPlan(command: command, binds: seat.binds, display: seat.display)
            for (name, value) in seat.environment { plan.environment[name] = value }
            for name in seat.removedVariables { plan.environment[name] = .some(nil) }
            for key in seat.keys {
                plan.keys.append(
                    AttachedKey(
                        key.key, socket: try ReportSocket.connectSocket(to: key.socket), isPlugged: key.isPlugged))
            }
            let tools = try await HostCheck.run(for: plan.keys.isEmpty ? .namespace : .keys)
            let launcher = try NamespaceLauncher(plan, tools: tools)
            return try await withThrowingTaskGroup(of: Int32.self) { group in
                defer { group.cancelAll() }
                group.addTask {
                    defer { connection.close() }
                    return try await launcher.run()
                }
                await JoinedProgram.obey(&lines, connection, launcher)
                // Either has ended: a program that goes on without its session is ended.
                group.cancelAll()
                guard let status = try await group.next() else { throw SurroundingsError.notRunning }
                return status
            }
        }
    }

    private static func obey(
        _ lines: inout LineConnection.Lines, _ connection: LineConnection, _ launcher: NamespaceLauncher
    ) async {
        do {
            while let notice = try await lines.next(SessionNotice.self) {
                var reply = SessionReply()
                do {
                    try await launcher.setPlugged(notice.isPlugged, key: notice.key)
                } catch {
                    reply.error = error.description
                }
                try await connection.send(reply)
            }
        } catch {
            // The session has ended.
        }
    }
}
