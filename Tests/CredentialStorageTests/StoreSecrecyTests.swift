import CredentialStorage
import Foundation
import GRDB
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@Suite("What the database file gives away")
struct StoreSecrecyTests {
    @Test("neither keys nor names nor user handles are in the files, and the files are private")
    func scan() async throws {
        let workspace = try Workspace()
        let store = try workspace.store()
        let source = try Workspace.source(1)
        try await store.save(source)
        let wrappingKey = SecretBytes(Array("wrapping-key-of-32-bytes-exactly".utf8))
        _ = try await store.wrappingKey(orStoring: wrappingKey)
        var generator = SeededGenerator(seed: 9)
        let identity = try AttestationIdentity(
            aaguid: .zero, validFrom: Date(timeIntervalSince1970: 0), using: &generator)
        _ = try await store.attestationIdentity(orStoring: identity)

        var contents = Data()
        for name in try FileManager.default.contentsOfDirectory(atPath: workspace.directory.path) {
            contents += try Data(contentsOf: workspace.directory.appending(path: name))
            #expect(try workspace.mode(name) == 0o600, "\(name)")
        }
        let key = source.privateKey.rawRepresentation.exposeSecret()
        let secrets: [[UInt8]] = [
            key, Array(Base64URL.encode(key).utf8), source.userHandle, Array(Base64URL.encode(source.userHandle).utf8),
            Array("name-of-user-1".utf8), Array("display-name-1".utf8), wrappingKey.exposeSecret(),
            Array(identity.serialized.exposeSecret().dropFirst(19).prefix(36)), identity.leafCertificate,
        ]
        for secret in secrets { #expect(contents.range(of: Data(secret)) == nil) }
        // The scan itself works: what is not sealed is found.
        #expect(contents.range(of: Data(source.id)) != nil)
        #expect(contents.range(of: Data("manual.example".utf8)) != nil)
    }

    @Test("another key is noticed when the store is opened")
    func wrongKey() async throws {
        let workspace = try Workspace()
        let path = workspace.path("store.sqlite")
        try await workspace.store().save(try Workspace.source(1))
        let error = #expect(throws: SQLiteCredentialStoreError.wrongKey(path: path)) {
            try workspace.store(key: try Workspace.key(2))
        }
        #expect(error?.description.hasPrefix("the key file does not belong to this store") == true)
        // The right key still opens it.
        #expect(try await workspace.store().sources(relyingPartyID: "manual.example").count == 1)
    }

    @Test(
        "a row that has been tampered with does not open",
        arguments: [
            "UPDATE credential SET relyingPartyID = CAST('other.example' AS BLOB)",
            "UPDATE credential SET algorithm = -8", "UPDATE credential SET id = X'00010203'",
            "UPDATE credential SET sealed = CAST(sealed || X'00' AS BLOB)",
            "UPDATE credential SET sealed = X''", "UPDATE credential SET sealed = (SELECT sealed FROM setting)",
        ])
    func tampering(statement: String) async throws {
        let workspace = try Workspace()
        let store = try workspace.store()
        try await store.save(try Workspace.source(1))
        try await DatabaseQueue(path: workspace.path("store.sqlite")).write { try $0.execute(sql: statement) }
        await #expect(throws: CredentialStoreError.self) {
            for relyingPartyID in ["manual.example", "other.example"] {
                _ = try await store.sources(relyingPartyID: relyingPartyID)
            }
        }
    }

    @Test("a swapped sealed value does not open: the wrapping key is not the attestation identity")
    func swappedSettings() async throws {
        let workspace = try Workspace()
        let store = try workspace.store()
        _ = try await store.wrappingKey(orStoring: SecretBytes([1]))
        try await DatabaseQueue(path: workspace.path("store.sqlite")).write {
            try $0.execute(sql: "UPDATE setting SET name = 'attestationIdentity' WHERE name = 'wrappingKey'")
        }
        await #expect(throws: CredentialStoreError.self) { try await store.attestationIdentity(orStoring: nil) }
    }

    @Test("what is no database, a newer one, or out of reach is refused with a sentence")
    func unusableFiles() throws {
        let workspace = try Workspace()
        try Data("this is not a database, however long it is".utf8).write(
            to: workspace.directory.appending(path: "text"))
        let notADatabase = #expect(throws: SQLiteCredentialStoreError.self) { try workspace.store("text") }
        #expect(notADatabase?.description.contains("not a database") == true)
        _ = try workspace.store("newer")
        try DatabaseQueue(path: workspace.path("newer")).write {
            try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('2 something newer')")
        }
        #expect(throws: SQLiteCredentialStoreError.newerSchema(path: workspace.path("newer"))) {
            try workspace.store("newer")
        }
        #expect(
            throws: SQLiteCredentialStoreError.database(
                path: workspace.path("missing/store"), reason: "No such file or directory")
        ) { try workspace.store("missing/store") }
    }
}
