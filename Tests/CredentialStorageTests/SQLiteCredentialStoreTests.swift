import Foundation
import GRDB
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@testable import CredentialStorage

@Suite("The store in SQLite")
struct SQLiteCredentialStoreTests {
    @Test("keeps everything over a restart", arguments: CredentialPrivateKey.supportedAlgorithms)
    func persistence(algorithm: COSEAlgorithm) async throws {
        let workspace = try Workspace()
        let source = try Workspace.source(1, algorithm: algorithm)
        var generator = SeededGenerator(seed: 9)
        let identity = try AttestationIdentity(
            aaguid: Flavour.platform.aaguid, validFrom: Date(timeIntervalSince1970: 0), using: &generator)
        do {
            let store = try workspace.store()
            try await store.save(source)
            #expect(try await store.nextSignatureCounter() == 1)
            #expect(try await store.wrappingKey(orStoring: SecretBytes([1, 2])) == SecretBytes([1, 2]))
            #expect(try await store.attestationIdentity(orStoring: nil) == nil)
            #expect(try await store.attestationIdentity(orStoring: identity) == identity)
        }
        let store = try workspace.store()
        #expect(try await store.source(id: source.id) == source)
        #expect(try await store.sources(relyingPartyID: source.relyingPartyID) == [source])
        #expect(try await store.nextSignatureCounter() == 2)
        #expect(try await store.wrappingKey(orStoring: SecretBytes([3])) == SecretBytes([1, 2]))
        #expect(try await store.attestationIdentity(orStoring: nil) == identity)
    }

    @Test("hands credentials out newest first; an account's new one replaces its old one")
    func order() async throws {
        let store = try Workspace().store()
        for number in [4, 1, 3] as [UInt8] { try await store.save(try Workspace.source(number)) }
        try await store.save(try Workspace.source(2, user: try Workspace.source(4).userHandle))
        try await store.save(try Workspace.source(5, relyingPartyID: "other.example"))
        let ids = try await store.sources(relyingPartyID: "manual.example").map { $0.id[0] }
        #expect(ids == [2, 3, 1])
        #expect(try await store.source(id: try Workspace.source(4).id) == nil)
        #expect(try await store.sources(relyingPartyID: "other.example").count == 1)
        #expect(try await store.sources(relyingPartyID: "manual").isEmpty)
    }

    @Test("takes no more than its capacity, and loses nothing by refusing")
    func capacity() async throws {
        let store = try Workspace().store(capacity: 2)
        try await store.save(try Workspace.source(1))
        try await store.save(try Workspace.source(2))
        await #expect(throws: CredentialStoreError.full) { try await store.save(try Workspace.source(3)) }
        try await store.save(try Workspace.source(4, user: try Workspace.source(1).userHandle))
        #expect(try await store.sources(relyingPartyID: "manual.example").map { $0.id[0] } == [4, 2])
    }

    @Test("updates names only, deletes once")
    func updating() async throws {
        let store = try Workspace().store()
        let source = try Workspace.source(1)
        #expect(try await store.update(source) == false)
        try await store.save(source)
        try await store.save(try Workspace.source(2))
        var renamed = source
        renamed.userName = "new"
        renamed.userDisplayName = nil
        #expect(try await store.update(renamed))
        #expect(try await store.sources(relyingPartyID: "manual.example").map { $0.id[0] } == [2, 1])
        #expect(try await store.source(id: source.id) == renamed)
        #expect(try await store.delete(id: source.id))
        #expect(try await store.delete(id: source.id) == false)
    }

    @Test("any text survives, zero bytes and look-alikes included")
    func texts() async throws {
        let store = try Workspace().store()
        for (index, id) in ["a\0b", "a", "caf\u{E9}", "cafe\u{301}", "", "'; DROP TABLE credential; --"].enumerated() {
            var source = try Workspace.source(UInt8(index), relyingPartyID: id, user: [])
            source.userName = "na\0me \u{1F511}"
            source.userDisplayName = nil
            try await store.save(source)
            #expect(try await store.sources(relyingPartyID: id) == [source])
        }
    }

    @Test("a reset forgets credentials, replaces the wrapping key and leaves the rest")
    func reset() async throws {
        let workspace = try Workspace()
        let store = try workspace.store()
        try await store.save(try Workspace.source(1))
        _ = try await store.wrappingKey(orStoring: SecretBytes([1]))
        _ = try await store.nextSignatureCounter()
        var generator = SeededGenerator(seed: 9)
        let identity = try AttestationIdentity(
            aaguid: .zero, validFrom: Date(timeIntervalSince1970: 0), using: &generator)
        _ = try await store.attestationIdentity(orStoring: identity)
        try await store.reset(wrappingKey: SecretBytes([2]))
        let reopened = try workspace.store()
        #expect(try await reopened.sources(relyingPartyID: "manual.example").isEmpty)
        #expect(try await reopened.wrappingKey(orStoring: SecretBytes([3])) == SecretBytes([2]))
        #expect(try await reopened.nextSignatureCounter() == 2)
        #expect(try await reopened.attestationIdentity(orStoring: nil) == identity)
    }

    @Test("the counter ends without going round")
    func counterEnd() async throws {
        let workspace = try Workspace()
        let store = try workspace.store()
        try await DatabaseQueue(path: workspace.path("store.sqlite")).write { db in
            try db.execute(sql: "UPDATE signatureCounter SET value = 4294967294")
        }
        #expect(try await store.nextSignatureCounter() == .max)
        await #expect(throws: CredentialStoreError.signatureCounterExhausted) {
            try await store.nextSignatureCounter()
        }
    }

    @Test("two handles on one file see each other and never repeat a count")
    func twoHandles() async throws {
        let workspace = try Workspace()
        let handles = [try workspace.store(), try workspace.store()]
        let counters = try await withThrowingTaskGroup(of: UInt32.self) { group in
            for round in 0..<60 { group.addTask { try await handles[round % 2].nextSignatureCounter() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counters.sorted() == Array(1...60))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 as Range<UInt8> {
                group.addTask { try await handles[Int(number) % 2].save(try Workspace.source(number)) }
            }
            try await group.waitForAll()
        }
        for handle in handles {
            #expect(try await handle.sources(relyingPartyID: "manual.example").count == 20)
        }
        let keys = try await withThrowingTaskGroup(of: SecretBytes.self) { group in
            for round in 0..<10 as Range<UInt8> {
                group.addTask {
                    try await handles[Int(round) % 2].wrappingKey(orStoring: SecretBytes([round]))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let first = try #require(keys.first)
        #expect(keys.allSatisfy { $0 == first })
    }

    @Test("the log is synchronised at every commit, so that a loss of power loses nothing either")
    func durability() async throws {
        let store = try Workspace().store()
        let settings = try await store.queue.read { db in
            [
                try String.fetchOne(db, sql: "PRAGMA journal_mode"),
                try String.fetchOne(db, sql: "PRAGMA synchronous"),
                try String.fetchOne(db, sql: "PRAGMA secure_delete"),
            ]
        }
        #expect(settings == ["wal", "2", "1"])  // 2 is FULL
    }

    @Test("a process that is killed loses nothing it has answered: a copy of the files at any moment has it all")
    func killSafety() async throws {
        let workspace = try Workspace()
        let store = try workspace.store()
        for number in 1...5 as ClosedRange<UInt8> {
            try await store.save(try Workspace.source(number))
            let counter = try await store.nextSignatureCounter()
            // What a kill leaves behind: the database and its log, without a checkpoint, without the shared memory.
            let name = "copy-\(number).sqlite"
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(
                    atPath: workspace.path("store.sqlite" + suffix), toPath: workspace.path(name + suffix))
            }
            let copy = try workspace.store(name)
            #expect(
                try await copy.sources(relyingPartyID: "manual.example").map { $0.id[0] }
                    == (1...number).reversed().map { $0 })
            #expect(try await copy.nextSignatureCounter() == counter + 1)
        }
    }
}
