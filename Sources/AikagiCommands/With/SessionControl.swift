import FoundationEssentials
import HIDTransport
import NIOCore
import NIOPosix
import ProgramRunner
import Synchronization
import TunnelService

/// The control socket of a session: other commands plug devices in and out, and programs join.
struct SessionControl: Sendable {
    /// The socket's name in the session's folder.
    static let socketName = "control.sock"

    let folder: String
    let rack: KeyRack
    let desk: PhoneDesk?
    /// What is different for programs that join; the keys are still missing.
    let plan: ProgramPlan
    /// Is told of the folder of each virtual screen that there will be, or will be no more.
    let screens: @Sendable (ScreenWatch.Folder) -> Void
    let log: EventLog

    /// Serves until the task is cancelled.
    ///
    /// - Parameter ready: Is called once the socket is there.
    /// - Throws: When the socket cannot be made.
    func run(ready: @Sendable () -> Void) async throws {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(unixDomainSocketPath: folder + "/" + SessionControl.socketName) { channel in
                channel.eventLoop.makeCompletedFuture { try AcceptedByteChannel(channel) }
            }
        ready()
        let seats = Mutex(0)
        try await withThrowingDiscardingTaskGroup { group in
            try await listener.executeThenClose { connections in
                for try await connection in connections {
                    let number = seats.withLock { seats in
                        seats += 1
                        return seats
                    }
                    group.addTask { await serve(connection, number) }
                }
            }
        }
    }

    private func serve(_ accepted: AcceptedByteChannel, _ number: Int) async {
        let channel = accepted.channel
        do {
            try await channel.executeThenClose { input, output in
                var lines = LineConnection.Lines(input)
                let connection = LineConnection(output, channel.channel)
                while let request = try await lines.next(SessionRequest.self) {
                    guard request.command == .join else {
                        try await connection.send(await answer(request))
                        continue
                    }
                    return try await seat(&lines, connection, number)
                }
            }
        } catch {
            // A client that has gone or does not speak as ours do is nothing to worry about.
        }
    }

    // MARK: Devices

    private var devices: [SessionReply.Device] {
        let plugged = rack.isPlugged
        return zip(rack.keys, plugged).map { SessionReply.Device(kind: .key, name: $0.name, isReady: $1) }
            + (desk?.names ?? []).map { SessionReply.Device(kind: .phone, name: $0.name, isReady: $0.isReady) }
    }

    private func answer(_ request: SessionRequest) async -> SessionReply {
        let isReady = request.command == .plug
        guard request.command != .list else { return SessionReply(devices: devices) }
        let devices = devices
        let candidates = devices.indices.filter { index in
            guard let name = request.name else { return devices[index].kind == .key || rack.keys.isEmpty }
            return devices[index].name.lowercased() == name.lowercased()
        }
        guard let index = candidates.first, candidates.count == 1 else {
            let names = devices.map { "'\($0.name)'" }.joined(separator: ", ")
            let what =
                candidates.isEmpty
                ? "there is no device '\(request.name ?? "")'" : "that could be each of \(candidates.count) devices"
            return SessionReply(error: "\(what); give one of \(names)")
        }
        let device = devices[index]
        switch device.kind {
        case .phone: desk?.set(index - rack.keys.count, inHand: isReady)
        case .key:
            do {
                if try await rack.set(index, isPlugged: isReady) {
                    log.note(isReady ? "plugged" : "unplugged", device: device.name)
                }
            } catch {
                return SessionReply(error: "\(error)")
            }
        }
        return SessionReply(devices: self.devices)
    }

    // MARK: Programs that join

    private func seat(
        _ lines: inout LineConnection.Lines, _ connection: LineConnection, _ number: Int
    ) async throws {
        let plugged = rack.isPlugged
        var seat = SessionReply.Seat(
            keys: [], environment: plan.environment.compactMapValues(\.self),
            removedVariables: plan.environment.filter { $0.value == nil }.keys.sorted(), binds: plan.binds)
        var listeners: [ReportSocketListener] = []
        for (index, key) in rack.keys.enumerated() {
            let path = "\(folder)/seat-\(number)-key-\(index).sock"
            listeners.append(try ReportSocketListener(path: path))
            seat.keys.append(
                SessionReply.Seat.Key(key: VirtualKey(name: key.name), socket: path, isPlugged: plugged[index]))
        }
        // A screen that no phone would see is of no use, so a display that the program may have is not asked about.
        if var display = plan.display {
            display.folder = "\(folder)/screen-\(number)"
            try createPrivateDirectory(display.folder)
            seat.display = display
            screens(.added(display.folder))
        }
        defer {
            if let folder = seat.display?.folder {
                screens(.removed(folder))
                try? FileManager.default.removeItem(atPath: folder)  // cleanup: it goes with the session at the latest
            }
        }
        try await connection.send(SessionReply(seat: seat))
        log.note("joined")
        let (replies, replied) = AsyncStream.makeStream(of: SessionReply.self)
        let link = SeatLink(replies, connection)
        let doors = listeners
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                var channels: [any HIDReportChannel] = []
                for door in doors {
                    channels.append(try await door.accept())
                    door.close()
                }
                try await rack.serve(channels, plugged: plugged) { key, isPlugged in
                    try await link.tell(SessionNotice(key: key, isPlugged: isPlugged))
                }
            }
            // The program's end closes the connection, whether or not it has come to its keys.
            while let reply = try await lines.next(SessionReply.self) { replied.yield(reply) }
            replied.finish()
        }
    }

    /// Tells a program that has joined of one change at a time, and waits for its answer.
    private final class SeatLink: Sendable {
        private let replies: AsyncStream<SessionReply>
        private let connection: LineConnection
        private let turns = Turns()

        init(_ replies: AsyncStream<SessionReply>, _ connection: LineConnection) {
            self.replies = replies
            self.connection = connection
        }

        func tell(_ notice: SessionNotice) async throws {
            try await turns.take {
                // A program that cannot be told, or does not answer, has ended.
                do { try await connection.send(notice) } catch { return }
                for await reply in replies {
                    if let error = reply.error { throw CommandFailure(error) }
                    return
                }
            }
        }
    }
}
