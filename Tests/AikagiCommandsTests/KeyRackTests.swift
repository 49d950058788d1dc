import HIDTransport
import Synchronization
import TestSupport
import Testing

@testable import AikagiCommands

@Suite(.timeLimit(.minutes(1))) struct KeyRackTests {
    private let keys = [FakeKey(0xA), FakeKey(0xB)]
    private let rack: KeyRack

    init() {
        rack = KeyRack(
            [keys[0].key("one"), keys[1].key("two", isPlugged: false)], hand: SharedHand(clock: ManualClock()))
    }

    /// A program that was told of some keys, and what it is told later.
    private func withProgram(
        toldOf plugged: [Bool], refuses: Bool = false,
        _ body: @Sendable ([FakeProgram], inout AsyncStream<[Int]>.AsyncIterator) async throws -> Void
    ) async throws {
        let pairs = try keys.map { _ in try ReportSocket.pair() }
        let (notices, notice) = AsyncStream.makeStream(of: [Int].self)
        let (rack, seats) = (rack, pairs.map(\.channel))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await rack.serve(seats, plugged: plugged) { key, isPlugged in
                    notice.yield([key, isPlugged ? 1 : 0])
                    if refuses { throw CommandFailure("no") }
                }
            }
            let ends = pairs.map { ReportSocket($0.other) }
            var iterator = notices.makeAsyncIterator()
            try await body(ends.map { FakeProgram(channel: $0) }, &iterator)
            for end in ends { end.close() }
            try await group.waitForAll()
        }
    }

    @Test("A program reaches the keys that are plugged in, each on its own channel")
    func serve() async throws {
        try await withProgram(toldOf: [true, false]) { [rack] programs, notices in
            let answer = try await programs[0].ask([1])
            #expect(answer == [0, 0xA, 1])
            #expect(try await rack.set(1, isPlugged: true))
            #expect(await notices.next() == [1, 1])
            #expect(try await programs[1].ask([2]) == [0, 0xB, 2])
        }
        #expect(rack.isPlugged == [true, true])
    }

    @Test("What has changed since the program was told, it is told at once")
    func late() async throws {
        try await withProgram(toldOf: [false, true]) { programs, notices in
            #expect(await notices.next() == [0, 1])
            #expect(await notices.next() == [1, 0])
            let answer = try await programs[0].ask([1])
            #expect(answer == [0, 0xA, 1])
        }
    }

    @Test("Plugging in what is plugged in changes nothing; a key gets power each time it is plugged in")
    func power() async throws {
        try await withProgram(toldOf: [true, false]) { [rack, keys] _, notices in
            let isChanged = try await rack.set(0, isPlugged: true)
            #expect(!isChanged)
            #expect(try await !rack.set(1, isPlugged: false))
            #expect(try await rack.set(0, isPlugged: false))
            #expect(await notices.next() == [0, 0])
            #expect(keys[0].powerCycles == 0)
            #expect(try await rack.set(0, isPlugged: true))
            #expect(await notices.next() == [0, 1])
            #expect(keys[0].powerCycles == 1)
        }
    }

    @Test("Every program is told; one that has ended is not")
    func severalPrograms() async throws {
        try await withProgram(toldOf: [true, false]) { [rack] programs, first in
            try await withProgram(toldOf: [true, false]) { others, second in
                let answer = try await programs[0].ask([1])
                #expect(answer == [0, 0xA, 1])
                #expect(try await others[0].ask([2]) == [0, 0xA, 2])
                #expect(try await rack.set(1, isPlugged: true))
                #expect(await second.next() == [1, 1])
            }
            #expect(await first.next() == [1, 1])
            #expect(try await rack.set(1, isPlugged: false))
            #expect(await first.next() == [1, 0])
        }
    }

    @Test("A program that cannot be told is an error of whoever plugs")
    func refusal() async throws {
        try await withProgram(toldOf: [true, false], refuses: true) { [rack] programs, _ in
            let answer = try await programs[0].ask([1])
            #expect(answer == [0, 0xA, 1])
            await #expect(throws: CommandFailure.self) { try await rack.set(1, isPlugged: true) }
        }
    }
}
