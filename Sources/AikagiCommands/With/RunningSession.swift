import FoundationEssentials
import HIDTransport

/// Finds the sessions that run, through the run directory.
struct RunningSession: Sendable {
    /// The path of its control socket.
    let socket: String

    /// The sessions that answer, in the order of their folders' names.
    ///
    /// Whether their process lives is no measure: a program of theirs has process numbers of its own.
    static func all(in directory: RunDirectory) -> [RunningSession] {
        // A run directory that cannot be read has no sessions for us.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return names.sorted().compactMap { name in
            guard name.hasPrefix(DeviceSession.folderPrefix) else { return nil }
            let socket = "\(directory.path)/\(name)/\(SessionControl.socketName)"
            // A socket that nobody listens at any more is none.
            guard (try? ReportSocket.connectSocket(to: socket)) != nil else { return nil }
            return RunningSession(socket: socket)
        }
    }

    /// Asks for one thing.
    ///
    /// - Throws: ``CommandFailure`` with the session's own words when it says no.
    func ask(_ request: SessionRequest) async throws -> SessionReply {
        let reply = try await LineConnection.connect(to: socket) { lines, connection in
            try await connection.send(request)
            return try await lines.next(SessionReply.self)
        }
        guard let reply else { throw CommandFailure("the session has ended") }
        if let error = reply.error { throw CommandFailure(error) }
        return reply
    }
}
