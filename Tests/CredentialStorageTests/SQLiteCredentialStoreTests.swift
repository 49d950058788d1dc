import CTAP
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
        // What was reserved and not given out is left out.
        #expect(try await store.nextSignatureCounter() == CounterBlock.size + 1)
        #expect(try await store.nextSignatureCounter() == CounterBlock.size + 2)
        #expect(try await store.wrappingKey(orStoring: SecretBytes([3])) == SecretBytes([1, 2]))
        #expect(try await store.attestationIdentity(orStoring: nil) == identity)
    }

    @Test("keeps a large blob beside its credential, over a restart, and leaves all else as it is")
    func largeBlob() async throws {
        let workspace = try Workspace()
        var source = try Workspace.source(1)
        source.properties.hasRoomForLargeBlob = true
        let other = try Workspace.source(2)
        let blob = LargeBlobData(compressed: [1, 2, 3], originalSize: .max)
        do {
            let store = try workspace.store()
            for source in [source, other] { try await store.save(source) }
            #expect(try await store.source(id: source.id) == source)
            let before = try await store.census().changeCount
            #expect(try await store.save(blob, forCredentialWithID: source.id))
            #expect(try await store.census().changeCount == before + 1)
            #expect(try await !store.save(blob, forCredentialWithID: [9]))
            var renamed = source
            renamed.userName = "new"
            #expect(try await store.update(renamed))
        }
        source.properties.largeBlob = blob
        source.userName = "new"
        let store = try workspace.store()
        #expect(try await store.source(id: source.id) == source)
        #expect(try await store.source(id: other.id) == other)
        #expect(try await store.sources(relyingPartyID: source.relyingPartyID).map(\.id) == [other.id, source.id])
    }

    @Test(
        "what the database says comes with what to do about it",
        arguments: [
            (ResultCode.SQLITE_FULL, "database or disk is full; make room on its disk"),
            (
                .SQLITE_BUSY,
                "database is locked; another program has been writing to it for long; end that one, or try again"
            ),
            (
                .SQLITE_READONLY_DBMOVED,
                "attempt to write a readonly database; check the permissions of the file and its folder"
            ),
            (.SQLITE_CORRUPT, "database disk image is malformed; restore the store from a backup"),
            (.SQLITE_NOMEM, "out of memory"),
        ])
    func advice(code: ResultCode, text: String) {
        #expect(SQLiteCredentialStore.describe(DatabaseError(resultCode: code)) == text)
    }

    @Test("what is done while a credential is written decides whether it is kept")
    func workMeanwhile() async throws {
        struct Failure: Error, Equatable {}
        let workspace = try Workspace()
        let store = try workspace.store(capacity: 2)
        let old = try Workspace.source(1)
        let new = try Workspace.source(2, user: old.userHandle)
        #expect(try await store.save(old) { "done" } == "done")
        let census = try await store.census()
        await #expect(throws: Failure()) { try await store.save(new) { throw Failure() } }
        // The account's earlier credential is still there, in memory and on disk.
        for store in [store, try workspace.store(capacity: 2)] {
            #expect(try await store.credentials() == [old])
            #expect(try await store.sources(relyingPartyID: old.relyingPartyID) == [old])
            #expect(try await store.census() == census)
        }
        #expect(try await store.save(new) { 7 } == 7)
        #expect(try await workspace.store().credentials() == [new])
        // A store that is full says so, unless the work has failed as well.
        try await store.save(try Workspace.source(3))
        await #expect(throws: CredentialStoreError.full) { try await store.save(try Workspace.source(4)) { 7 } }
        await #expect(throws: Failure()) { try await store.save(try Workspace.source(4)) { throw Failure() } }
        #expect(try await workspace.store().census().count == 2)
    }

    @Test("a credential takes the place of one with its ID and of another one of its account, and both are counted")
    func replacingTwo() async throws {
        let workspace = try Workspace()
        let store = try workspace.store()
        for number in UInt8(1)...3 { try await store.save(try Workspace.source(number)) }
        let before = try await store.census()
        // The ID of the first, the account of the second.
        let new = try Workspace.source(1, user: Workspace.source(2).userHandle)
        try await store.save(new)
        let after = try await store.census()
        #expect(after.count == 2 && after.changeCount > before.changeCount)
        let again = try workspace.store()
        #expect(try await again.census() == after)
        #expect(try await again.credentials() == [try Workspace.source(3), new])
        #expect(try await store.sources(relyingPartyID: "manual.example") == [new, try Workspace.source(3)])
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
        let old = AuthenticatorState(
            templates: [FingerprintTemplate(id: [1], friendlyName: "thumb", finger: "t")], using: &generator)
        try await store.updateState(orBeginningWith: old) { _ in }
        try await store.save(largeBlobArray: [1, 2, 3])
        #expect(try await workspace.store().state() == old)
        #expect(try await workspace.store().largeBlobArray() == [1, 2, 3])
        let new = AuthenticatorState(templates: [], using: &generator)
        try await store.reset(wrappingKey: SecretBytes([2]), state: new)
        let reopened = try workspace.store()
        #expect(try await reopened.sources(relyingPartyID: "manual.example").isEmpty)
        #expect(try await reopened.wrappingKey(orStoring: SecretBytes([3])) == SecretBytes([2]))
        #expect(try await reopened.nextSignatureCounter() == CounterBlock.size + 1)
        #expect(try await reopened.state() == new)
        #expect(try await reopened.largeBlobArray() == nil)
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
        #expect(Set(counters).count == 60)
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
        let settings = try await store.connection.queue.read { db in
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
            #expect(try await copy.nextSignatureCounter() > counter)
        }
    }

    @Test("Of many who change the state at the same time none undoes what another has changed")
    func stateUpdates() async throws {
        let workspace = try Workspace()
        let handles = [try workspace.store(), try workspace.store()]
        var generator = SeededGenerator(seed: 4)
        let new = AuthenticatorState(templates: [], using: &generator)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask {
                    try await handles[number % 2].updateState(orBeginningWith: new) { state in
                        state.minimumPINLengthRelyingPartyIDs.append("\(number)")
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(Set(try await handles[0].state()?.minimumPINLengthRelyingPartyIDs ?? []).count == 40)
        await #expect(throws: CredentialStoreError.full) {
            try await handles[1].updateState(orBeginningWith: new) { state in
                state.pinRetries = 0
                throw CredentialStoreError.full
            }
        }
        #expect(try await handles[0].state()?.pinRetries == 8)
    }

    @Test("A protection that was weakened in the file is noticed")
    func weakenedProtection() async throws {
        let workspace = try Workspace()
        let store = try workspace.store()
        var source = try Workspace.source(1)
        source.properties.protection = .userVerificationRequired
        try await store.save(source)
        try await DatabaseQueue(path: workspace.path("store.sqlite")).write { db in
            try db.execute(sql: "UPDATE credential SET protection = 1")
        }
        await #expect(throws: CredentialStoreError.self) { try await store.source(id: source.id) }
    }

    @Test("Two handles that take turns never step back")
    func turns() async throws {
        let workspace = try Workspace()
        let handles = [try workspace.store(), try workspace.store()]
        var counters: [UInt32] = []
        for round in 0..<40 { counters.append(try await handles[[0, 1, 1, 0][round % 4]].nextSignatureCounter()) }
        #expect(zip(counters, counters.dropFirst()).allSatisfy { $0 < $1 })
        // One that has the store for itself writes once in a block.
        let before = try await workspace.reservedCounter()
        for _ in 0..<50 { counters.append(try await handles[0].nextSignatureCounter()) }
        #expect(try await workspace.reservedCounter() <= before + Int64(CounterBlock.size))
    }

    @Test("Pages, relying parties and census are those of the memory store", arguments: [1, 2, 3] as [UInt64])
    func sameAsMemory(seed: UInt64) async throws {
        let stores: [any CredentialStore] = [try Workspace().store(), MemoryCredentialStore()]
        var generator = SeededGenerator(seed: seed)
        for number in 0..<40 as Range<UInt8> {
            var source = try Workspace.source(
                number, relyingPartyID: ["a", "b", "c"].randomElement(using: &generator) ?? "a")
            source.properties = CredentialProperties(
                protection: CredentialProtection.allCases.randomElement(using: &generator) ?? .userVerificationRequired,
                blob: [number],
                largeBlobKey: number % 2 == 0 ? SecretBytes([number]) : nil,
                isThirdPartyPaymentEnabled: number % 3 == 0)
            for store in stores { try await store.save(source) }
            if number % 5 == 4 { for store in stores { _ = try await store.delete(id: source.id) } }
        }
        for id in ["a", "b", "c", "d"] {
            for protection in CredentialProtection.allCases {
                for (skipping, limit) in [(0, 1), (0, .max), (2, 3), (5, 1), (100, 1), (0, 0)] {
                    var pages: [CredentialPage] = []
                    for store in stores {
                        pages.append(
                            try await store.sources(
                                relyingPartyID: id, protectedAtMost: protection, skipping: skipping, limit: limit))
                    }
                    #expect(pages[0].total == pages[1].total)
                    #expect(pages[0].sources == pages[1].sources)
                }
            }
        }
        #expect(try await stores[0].relyingPartyIDs() == stores[1].relyingPartyIDs())
        #expect(try await stores[0].census().count == stores[1].census().count)
        let changes = try await stores[0].census().changeCount
        _ = try await stores[0].update(try Workspace.source(1))
        #expect(try await stores[0].census().changeCount == changes + 1)
    }
}
