import CTAP
import Foundation
import Glibc
import HIDTransport
import ProgramRunner
import Synchronization
import TestSupport
import Testing

@testable import AikagiCommands

/// A session of two keys, in a run directory of its own.
private struct SessionStage: Sendable {
    let directory: RunDirectory
    let folder: String
    let keys: [FakeKey]
    let rack: KeyRack
    let control: SessionControl
    let screens: Folders

    final class Folders: Sendable {
        private let state = Mutex<[String]>([])
        var all: [String] { state.withLock(\.self) }
        func add(_ folder: String) { state.withLock { $0.append(folder) } }
    }

    static func run(
        names: [String] = ["One", "two"], plan: ProgramPlan = ProgramPlan(command: []),
        _ body: @Sendable (SessionStage) async throws -> Void
    ) async throws {
        try await withScratchDirectory { path in
            let folder = path + "/session-\(getpid())-abcdef"
            try createPrivateDirectory(folder)
            let keys = names.indices.map { FakeKey(UInt8($0 + 1)) }
            let rack = KeyRack(
                zip(keys, names).map { $0.key($1, isPlugged: $1 != "two") }, hand: SharedHand(clock: ManualClock()))
            let screens = Folders()
            let control = SessionControl(
                folder: folder, rack: rack, desk: nil, plan: plan,
                screens: { if case .added(let folder) = $0 { screens.add(folder) } },
                log: try EventLog(.failuresOnly))
            let stage = SessionStage(
                directory: RunDirectory(path), folder: folder, keys: keys, rack: rack, control: control,
                screens: screens)
            try await withThrowingTaskGroup(of: Void.self) { group in
                let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
                group.addTask {
                    // This is how it is meant to end.
                    do { try await control.run { isReady.yield() } } catch is CancellationError {}
                }
                for await _ in ready { break }
                try await body(stage)
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }

    var session: RunningSession {
        get throws { try #require(RunningSession.all(in: directory).first) }
    }

    func ask(_ command: SessionRequest.Command, _ name: String? = nil) async throws -> [String] {
        let reply = try await session.ask(SessionRequest(command: command, name: name))
        return (reply.devices ?? []).map { "\($0.kind.rawValue) \($0.name) \($0.isReady)" }
    }

    /// Joins, as a program does.
    func join<Value: Sendable>(
        _ body: (inout LineConnection.Lines, LineConnection, SessionReply.Seat) async throws -> Value
    ) async throws -> Value {
        try await LineConnection.connect(to: try session.socket) { lines, connection in
            try await connection.send(SessionRequest(command: .join))
            let seat = try #require(try await lines.next(SessionReply.self)?.seat)
            return try await body(&lines, connection, seat)
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct SessionControlTests {
    @Test("The session is found, and says which devices there are")
    func list() async throws {
        try await SessionStage.run { stage in
            #expect(RunningSession.all(in: stage.directory).map(\.socket) == [stage.folder + "/control.sock"])
            let devices = try await stage.ask(.list)
            #expect(devices == ["key One true", "key two false"])
        }
    }

    @Test("A key is plugged in and taken out by its name, whatever its case")
    func plug() async throws {
        try await SessionStage.run { stage in
            let devices = try await stage.ask(.plug, "TWO")
            #expect(devices == ["key One true", "key two true"])
            #expect(try await stage.ask(.plug, "two") == ["key One true", "key two true"])
            #expect(stage.keys[1].powerCycles == 1)
            #expect(try await stage.ask(.unplug, "one") == ["key One false", "key two true"])
            #expect(stage.rack.isPlugged == [false, true])
        }
        try await SessionStage.run(names: ["only"]) { stage in
            let devices = try await stage.ask(.unplug)
            #expect(devices == ["key only false"])
        }
    }

    @Test("What is not clear is refused with the names that there are")
    func refusals() async throws {
        try await SessionStage.run { stage in
            for (name, words) in [(nil, "that could be each of 2 devices"), ("three", "there is no device 'three'")] {
                let error = await #expect(throws: CommandFailure.self) { try await stage.ask(.plug, name) }
                #expect(error?.description == "\(words); give one of 'One', 'two'")
            }
        }
    }

    @Test("Several questions may come on one connection; what is none ends it and nothing else")
    func connections() async throws {
        try await SessionStage.run { stage in
            try await LineConnection.connect(to: try stage.session.socket) { lines, connection in
                for _ in 0..<3 {
                    try await connection.send(SessionRequest(command: .list))
                    #expect(try await lines.next(SessionReply.self)?.devices?.count == 2)
                }
                try await connection.send(["nonsense"])
                // Closed, or reset.
                let more = try? await lines.next(SessionReply.self)
                #expect(more == nil)
            }
            try await LineConnection.connect(to: try stage.session.socket) { lines, connection in
                try? await connection.send(String(repeating: "x", count: LineConnection.lineLimit + 10))
                let more = try? await lines.next(SessionReply.self)
                #expect(more == nil)
            }
            #expect(try await stage.ask(.list).count == 2)
        }
    }

    @Test("A program that joins has the session's surroundings and keys")
    func join() async throws {
        var plan = ProgramPlan(command: [], environment: ["A": "b", "GONE": nil], binds: [.init("/s", at: "/t")])
        plan.environment["C"] = "d"
        try await SessionStage.run(plan: plan) { stage in
            try await stage.join { _, _, seat in
                #expect(seat.environment == ["A": "b", "C": "d"])
                #expect(seat.removedVariables == ["GONE"])
                #expect(seat.binds == [ProgramPlan.Bind("/s", at: "/t")])
                #expect(seat.display == nil)
                #expect(seat.keys.map(\.key) == [VirtualKey(name: "One"), VirtualKey(name: "two")])
                #expect(seat.keys.map(\.isPlugged) == [true, false])
                let channels = try seat.keys.map { try ReportSocket.connect(to: $0.socket) }
                #expect(try await FakeProgram(channel: channels[0]).ask([7]) == [0, 1, 7])
            }
            #expect(stage.screens.all.isEmpty)
        }
    }

    @Test("Each program gets a screen of its own if the session has one, in a folder that phones are told of")
    func screen() async throws {
        var plan = ProgramPlan(command: [])
        plan.display = VirtualDisplay(program: "/x", folder: "/unused", width: 3, height: 4)
        try await SessionStage.run(names: [], plan: plan) { stage in
            func display() async throws -> VirtualDisplay? {
                try await stage.join { _, _, seat in
                    #expect(permissions(of: seat.display?.folder ?? "") == 0o700)
                    return seat.display
                }
            }
            let first = try await display()
            let second = try await display()
            let folders = [first, second].compactMap { $0?.folder }
            #expect(stage.screens.all == folders)
            #expect(Set(folders).count == 2)
            #expect(first?.program == "/x" && first?.width == 3 && first?.height == 4)
            for folder in folders {
                #expect(folder.hasPrefix(stage.folder + "/"))
            }
        }
    }

    @Test("A program that has joined is told of keys that come and go, and whoever plugs waits for it")
    func notices() async throws {
        try await SessionStage.run { stage in
            try await stage.join { lines, connection, seat in
                let channels = try seat.keys.map { try ReportSocket.connect(to: $0.socket) }
                // Once a key answers, the program is served.
                #expect(try await FakeProgram(channel: channels[0]).ask([]) == [0, 1])
                let plugging = Task { try await stage.ask(.plug, "two") }
                #expect(try await lines.next(SessionNotice.self) == SessionNotice(key: 1, isPlugged: true))
                try await connection.send(SessionReply())
                #expect(try await plugging.value == ["key One true", "key two true"])
                #expect(try await FakeProgram(channel: channels[1]).ask([9]) == [0, 2, 9])
                let unplugging = Task { try await stage.ask(.unplug, "one") }
                #expect(try await lines.next(SessionNotice.self) == SessionNotice(key: 0, isPlugged: false))
                try await connection.send(SessionReply(error: "the kernel does not allow it"))
                let error = await #expect(throws: CommandFailure.self) { try await unplugging.value }
                #expect(error?.description == "the kernel does not allow it")
            }
        }
    }

    @Test("A program that ends keeps nobody from plugging", arguments: [true, false])
    func programEnds(whileTold: Bool) async throws {
        try await SessionStage.run { stage in
            let plugging = try await stage.join { lines, connection, seat in
                let channels = try seat.keys.map { try ReportSocket.connect(to: $0.socket) }
                #expect(try await FakeProgram(channel: channels[0]).ask([]) == [0, 1])
                guard whileTold else { return nil as Task<[String], any Error>? }
                let plugging = Task { try await stage.ask(.plug, "two") }
                #expect(try await lines.next(SessionNotice.self) == SessionNotice(key: 1, isPlugged: true))
                return plugging
            }
            if let plugging { _ = await plugging.result }
            #expect(try await stage.ask(.plug, "two") == ["key One true", "key two true"])
        }
    }

    @Test("Other folders are no sessions")
    func others() async throws {
        try await withScratchDirectory { path in
            let directory = RunDirectory(path)
            #expect(RunningSession.all(in: RunDirectory(path + "/nonexistent")).isEmpty)
            for name in [
                "session-\(Int32.max)-a", "session-x-a", "session-", "other-\(getpid())-a", "session-\(getpid())-b",
            ] {
                try createPrivateDirectory("\(path)/\(name)")
                guard !name.hasSuffix("b") else { continue }
                try Data().write(to: URL(filePath: "\(path)/\(name)/control.sock"))
            }
            #expect(RunningSession.all(in: directory).isEmpty)
            try createPrivateDirectory("\(path)/session-\(getpid())-a")
            try Data().write(to: URL(filePath: "\(path)/session-\(getpid())-a/control.sock"))
            // Nobody listens there.
            #expect(RunningSession.all(in: directory).isEmpty)
            let session = RunningSession(socket: "\(path)/session-\(getpid())-a/control.sock")
            let error = await #expect(throws: CommandFailure.self) {
                try await session.ask(SessionRequest(command: .list))
            }
            #expect(error?.description.contains("is `aikagi with` still running?") == true)
        }
    }
}
