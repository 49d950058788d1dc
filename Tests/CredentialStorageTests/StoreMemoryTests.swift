import Foundation
import GRDB
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@testable import CredentialStorage

@Suite("What a store remembers")
struct StoreMemoryTests {
    /// Two handles on one file, the second of which has been asked for everything already.
    private static func pair() async throws -> (Workspace, SQLiteCredentialStore, SQLiteCredentialStore) {
        let workspace = try Workspace()
        let (writer, reader) = (try workspace.store(), try workspace.store())
        for number in 1...3 as ClosedRange<UInt8> { try await writer.save(try Workspace.source(number)) }
        var generator = SeededGenerator(seed: 4)
        try await writer.updateState(orBeginningWith: AuthenticatorState(templates: [], using: &generator)) { _ in }
        #expect(try await reader.sources(relyingPartyID: "manual.example").count == 3)
        #expect(try await reader.source(id: try Workspace.source(1).id) != nil)
        #expect(try await reader.source(id: [9]) == nil)
        #expect(try await reader.census().count == 3)
        #expect(try await reader.state()?.pinRetries == 8)
        return (workspace, writer, reader)
    }

    @Test("is forgotten as soon as another connection has written")
    func otherConnection() async throws {
        let (_, writer, reader) = try await Self.pair()
        var renamed = try Workspace.source(1)
        renamed.userName = "new"
        try await writer.update(renamed)
        #expect(try await reader.source(id: renamed.id) == renamed)
        #expect(try await reader.sources(relyingPartyID: "manual.example").contains(renamed))
        try await writer.delete(id: renamed.id)
        #expect(try await reader.source(id: renamed.id) == nil)
        #expect(try await reader.census().count == 2)
        try await writer.save(try Workspace.source(9))
        #expect(try await reader.source(id: try Workspace.source(9).id) != nil)
        #expect(try await reader.sources(relyingPartyID: "manual.example").map { $0.id[0] } == [9, 3, 2])
        var generator = SeededGenerator(seed: 5)
        let new = AuthenticatorState(templates: [], using: &generator)
        try await writer.updateState(orBeginningWith: new) { $0.pinRetries = 3 }
        #expect(try await reader.state()?.pinRetries == 3)
        try await writer.reset(wrappingKey: SecretBytes([1]), state: new)
        #expect(try await reader.sources(relyingPartyID: "manual.example").isEmpty)
        #expect(try await reader.state() == new)
        #expect(try await reader.wrappingKey(orStoring: SecretBytes([2])) == SecretBytes([1]))
    }

    @Test("is told at once as long as it is known")
    func glance() async throws {
        let (workspace, writer, reader) = try await Self.pair()
        let (state, census) = (try #require(await reader.state()), try await reader.census())
        let glance = try #require(reader.glance())
        #expect(glance.state == state && glance.census == census)
        try await writer.save(try Workspace.source(7))
        #expect(reader.glance() == nil)
        _ = try await reader.census()
        #expect(reader.glance() == nil, "the state is not known yet")
        _ = try await reader.state()
        #expect(reader.glance()?.census.count == 4)
        #expect(try workspace.store().glance() == nil)
    }

    @Test("is not told while something is being written, for which it would have to wait")
    func glanceDuringChange() async throws {
        let (_, store, _) = try await Self.pair()
        _ = try await store.state()
        _ = try await store.census()
        #expect(store.glance() != nil)
        try await store.connection.write { [store] _, _ in #expect(store.glance() == nil) }
        #expect(store.glance() != nil)
    }

    @Test("a change that does not wait for other processes fails beside theirs, and the next one waits again")
    func notWaiting() async throws {
        let workspace = try Workspace()
        let connection = try workspace.store().connection
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: workspace.path("store.sqlite"), configuration: configuration)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let start = ContinuousClock.now
        await #expect(throws: DatabaseError.self) { try await connection.write(waits: false) { _, _ in } }
        #expect(start.duration(to: .now) < StoreConnection.patience)
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try await connection.write(waits: false) { _, _ in }
        #expect(try await connection.queue.read { try Int.fetchOne($0, sql: "PRAGMA busy_timeout") } == 5000)
    }

    @Test("counters that could not be reserved ahead are tried again")
    func growingAgain() async throws {
        struct Failure: Error {}
        let connection = try Workspace().store().connection
        await #expect(throws: Failure.self) {
            try await connection.write { _, memory in
                memory.counters.add(before: 0, last: CounterBlock.size)
                while let counter = memory.counters.take(onDisk: CounterBlock.size) {
                    if counter.isTimeToGrow { throw Failure() }
                }
            }
        }
        let next = try await connection.write { _, memory in memory.counters.take(onDisk: CounterBlock.size) }
        #expect(next?.isTimeToGrow == true)
    }

    @Test("follows its own changes")
    func ownChanges() async throws {
        let (_, _, store) = try await Self.pair()
        let changes = try await store.census().changeCount
        try await store.save(try Workspace.source(4))
        #expect(try await store.sources(relyingPartyID: "manual.example").map { $0.id[0] } == [4, 3, 2, 1])
        #expect(try await store.census() == CredentialCensus(count: 4, capacity: 1000, changeCount: changes + 1))
        // In place of an account's earlier one.
        try await store.save(try Workspace.source(5, user: try Workspace.source(2).userHandle))
        #expect(try await store.sources(relyingPartyID: "manual.example").map { $0.id[0] } == [5, 4, 3, 1])
        #expect(try await store.census().count == 4)
        #expect(try await store.source(id: try Workspace.source(2).id) == nil)
        try await store.delete(id: try Workspace.source(4).id)
        #expect(try await store.sources(relyingPartyID: "manual.example").map { $0.id[0] } == [5, 3, 1])
        _ = try await store.import(
            StoreExport(credentials: [try Workspace.source(6)], wrappingKey: nil, signatureCounter: 1000))
        #expect(try await store.sources(relyingPartyID: "manual.example").map { $0.id[0] } == [6, 5, 3, 1])
        #expect(try await store.nextSignatureCounter() == 1001)
    }

    @Test("is what the disk has, after a change that failed as well")
    func failedChange() async throws {
        let workspace = try Workspace()
        let store = try workspace.store(capacity: 1)
        try await store.save(try Workspace.source(1))
        #expect(try await store.census().count == 1)
        await #expect(throws: CredentialStoreError.full) { try await store.save(try Workspace.source(2)) }
        #expect(try await store.sources(relyingPartyID: "manual.example").map { $0.id[0] } == [1])
        #expect(try await store.source(id: try Workspace.source(2).id) == nil)
        #expect(try await store.census().count == 1)
    }

    @Test("is bounded, and right for more than fits")
    func bounds() async throws {
        let store = try Workspace().store()
        let key = try Workspace.source(1).privateKey
        for number in 0..<300 as Range<UInt16> {
            try await store.save(
                CredentialSource(
                    id: [UInt8(number >> 8), UInt8(number & 255)], relyingPartyID: "a",
                    userHandle: [UInt8(number >> 8), UInt8(number & 255)], privateKey: key, isDiscoverable: true))
        }
        for _ in 0..<2 {
            let sources = try await store.sources(relyingPartyID: "a")
            #expect(sources.map { UInt16($0.id[0]) << 8 | UInt16($0.id[1]) } == (0..<300).reversed())
            #expect(try await store.source(id: [0, 7])?.userHandle == [0, 7])
            #expect(try await store.source(id: [7, 7]) == nil)
        }
    }

    @Test("The next counters are reserved before the last is given out")
    func counters() async throws {
        var block = CounterBlock()
        let none = block.take(onDisk: 0)
        #expect(none == nil)
        block.add(before: 0, last: 256)
        for count in 1...192 as ClosedRange<UInt32> {
            let counter = block.take(onDisk: 256)
            #expect(counter == ReservedCounter(value: count, isTimeToGrow: false))
        }
        // Said once.
        let said = [block.take(onDisk: 256), block.take(onDisk: 256)]
        #expect(said.map { $0?.isTimeToGrow } == [true, false])
        block.add(before: 256, last: 512)
        block.endGrowing()
        let more = block.take(onDisk: 512)
        #expect(more?.value == 195)
        // Somebody else has reserved: what is left would be a step back.
        let stepBack = block.take(onDisk: 768)
        #expect(stepBack == nil)
        block.add(before: 768, last: 1024)
        let next = block.take(onDisk: 1024)
        #expect(next?.value == 769)
        // At the end nothing more can be reserved.
        block.add(before: .max - 1, last: .max)
        let last = [block.take(onDisk: .max), block.take(onDisk: .max)]
        #expect(last == [ReservedCounter(value: .max, isTimeToGrow: false), nil])
    }

    @Test("A thousand counters are a thousand numbers in a row")
    func manyCounters() async throws {
        let store = try Workspace().store()
        var counters: [UInt32] = []
        for _ in 0..<1000 { counters.append(try await store.nextSignatureCounter()) }
        #expect(counters == Array(1...1000))
    }
}
