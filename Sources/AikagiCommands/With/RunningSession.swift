import FoundationEssentials
import Glibc

/// Finds the sessions that run, through the run directory.
struct RunningSession: Sendable {
    /// The path of its control socket.
    let socket: String

    /// The sessions whose process lives, in the order of their folders' names.
    static func all(in directory: RunDirectory) -> [RunningSession] {
        // A run directory that cannot be read has no sessions for us.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return names.sorted().compactMap { name in
            guard name.hasPrefix(DeviceSession.folderPrefix),
                let process = pid_t(name.dropFirst(DeviceSession.folderPrefix.count).prefix { $0 != "-" }),
                kill(process, 0) == 0 || errno == EPERM
            else { return nil }
            let socket = "\(directory.path)/\(name)/\(SessionControl.socketName)"
            return access(socket, F_OK) == 0 ? RunningSession(socket: socket) : nil
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
