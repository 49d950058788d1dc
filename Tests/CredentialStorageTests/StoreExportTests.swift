import CTAP
import Foundation
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@testable import CredentialStorage

@Suite("Export and import")
struct StoreExportTests {
    /// A credential that has everything.
    private static func full(_ number: UInt8) throws -> CredentialSource {
        var source = try Workspace.source(number)
        source.properties = CredentialProperties(
            protection: .userVerificationRequired, blob: [1, 2, 3],
            largeBlobKey: SecretBytes([UInt8](repeating: number, count: 32)), isThirdPartyPaymentEnabled: true)
        return source
    }

    private static let wrappingKey = SecretBytes([UInt8](repeating: 7, count: 32))

    @Test("What is exported is what another store has afterwards, in the same order")
    func roundTrip() async throws {
        let workspace = try Workspace()
        let store = try workspace.store()
        let sources = [try Self.full(3), try Workspace.source(1), try Workspace.source(2, relyingPartyID: "other")]
        for source in sources { try await store.save(source) }
        _ = try await store.wrappingKey(orStoring: Self.wrappingKey)
        let counter = try await store.nextSignatureCounter()
        let export = try await store.export()
        #expect(export.credentials == sources)
        #expect(export.wrappingKey == Self.wrappingKey)
        #expect(export.signatureCounter >= counter)
        let read = try StoreExport(decoding: try export.encoded())
        #expect(read == export)
        #expect("\(read)" == "export of 3 credentials")

        let other = try workspace.store("other.sqlite", key: try Workspace.key(2))
        #expect(try await other.import(read) == StoreImport(imported: 3, alreadyThere: 0))
        #expect(try await other.credentials() == sources)
        #expect(try await other.wrappingKey(orStoring: SecretBytes([1])) == Self.wrappingKey)
        #expect(try await other.nextSignatureCounter() > export.signatureCounter)
        // Once more: nothing is in the way, and nothing changes.
        #expect(try await other.import(read) == StoreImport(imported: 0, alreadyThere: 3))
        #expect(try await other.credentials() == sources)
    }

    @Test("An import into a store with more is added to it; its counter never goes back")
    func merging() async throws {
        let store = try Workspace().store(capacity: 2)
        try await store.save(try Workspace.source(1))
        let counter = try await store.nextSignatureCounter()
        let export = StoreExport(
            credentials: [try Workspace.source(2), try Workspace.source(3)], wrappingKey: nil, signatureCounter: 0)
        #expect(try await store.import(export).imported == 2)
        #expect(try await store.sources(relyingPartyID: "manual.example").map { $0.id[0] } == [3, 2, 1])
        #expect(try await store.nextSignatureCounter() > counter)
    }

    @Test("Whatever is in the way is named, and nothing is imported")
    func conflicts() async throws {
        let store = try Workspace().store()
        let (one, two) = (try Workspace.source(1), try Workspace.source(2))
        try await store.save(one)
        try await store.save(two)
        _ = try await store.wrappingKey(orStoring: SecretBytes([9]))
        var renamed = one
        renamed.userName = "another name"
        let sameAccount = try Workspace.source(4, user: two.userHandle)
        let export = StoreExport(
            credentials: [try Workspace.source(3), renamed, sameAccount], wrappingKey: Self.wrappingKey,
            signatureCounter: 70_000)
        let error = await #expect(throws: StoreImportError.self) { try await store.import(export) }
        #expect(error?.conflicts == [.changed(renamed), .account(sameAccount), .wrappingKey])
        let sentence = "\(try #require(error))"
        #expect(sentence.contains("the account 'name-of-user-4' at manual.example has another credential"))
        #expect(sentence.contains(Base64URL.encode(one.id)) && sentence.contains("--discoverable-only"))
        #expect(try await store.credentials() == [one, two])
        #expect(try await store.nextSignatureCounter() == 1)
        // Without what was in the way.
        let rest = StoreExport(
            credentials: [try Workspace.source(3)], wrappingKey: Self.wrappingKey, signatureCounter: 0)
        #expect(try await store.import(rest, isDiscoverableOnly: true).imported == 1)
        #expect(try await store.wrappingKey(orStoring: Self.wrappingKey) == SecretBytes([9]))
    }

    @Test("Of many conflicts ten are named")
    func manyConflicts() throws {
        let conflicts = try (1...12).map { StoreImportError.Conflict.account(try Workspace.source($0)) }
        #expect("\(StoreImportError(conflicts: conflicts))".hasSuffix("; and 2 more"))
    }

    @Test("The form is fixed: JSON with these members")
    func fixedBytes() throws {
        let key = String(repeating: "A", count: 42) + "E"  // the scalar 1
        let json = """
            {"credentials":[{"algorithm":-7,"id":"AQID","rpId":"example.com","secrets":{"privateKey":"\(key)",\
            "protection":2,"userDisplayName":"Ann","userHandle":"BAU","userName":"ann"}}],"signatureCounter":512,"version":1}
            """
        let export = try StoreExport(decoding: SecretBytes(Array(json.utf8)))
        let source = try #require(export.credentials.first)
        #expect(source.id == [1, 2, 3] && source.userHandle == [4, 5] && source.relyingPartyID == "example.com")
        #expect(source.userName == "ann" && source.userDisplayName == "Ann" && source.isDiscoverable)
        #expect(source.properties == CredentialProperties(protection: .userVerificationOptionalWithCredentialIDList))
        #expect(export.wrappingKey == nil && export.signatureCounter == 512)
        #expect(try export.encoded() == SecretBytes(Array(json.utf8)))
    }

    /// What replaces what in an export that is right, and what is wrong then.
    private static let refused: [(String, String, StoreExportError)] = [
        ("{", "", .malformed), (#""version":1"#, #""version":2"#, .unknownVersion(2)),
        (#""signatureCounter":512"#, #""signatureCounter":4294967296"#, .malformed),
        (#""signatureCounter":512"#, #""signatureCounter":-1"#, .malformed),
        (#""wrappingKey":"#, #""wrappingKey":"AA","x":"#, .wrappingKey),
        (#""id":"AQID""#, #""id":"""#, .credential(number: 1, reason: "its ID is empty")),
        (#""id":"AQID""#, #""id":"AQI=""#, .malformed),
        (
            #""id":"AQID""#, #""id":"\#(Base64URL.encode([UInt8](repeating: 1, count: 1024)))""#,
            .credential(number: 1, reason: "its ID is too long")
        ),
        (#""id":"AQID""#, #""id":"BAUG""#, .credential(number: 2, reason: "its ID occurs twice")),
        (#""userHandle":"BAU""#, #""userHandle":"BQ""#, .credential(number: 2, reason: "its account occurs twice")),
        (
            #""userHandle":"BAU""#, #""userHandle":"\#(Base64URL.encode([UInt8](repeating: 1, count: 65)))""#,
            .credential(number: 1, reason: "its user handle is longer than 64 bytes")
        ),
        (
            #""userName":"ann""#, #""userName":"\#(String(repeating: "a", count: 513))""#,
            .credential(number: 1, reason: "a name is too long")
        ),
        (
            #""rpId":"example.com""#, #""rpId":"\#(String(repeating: "a", count: 1024))""#,
            .credential(number: 1, reason: "its relying party's ID is too long")
        ),
        (
            #""largeBlobKey":""#, #""largeBlobKey":"AA","x":""#,
            .credential(number: 1, reason: "its key for large blobs has not 32 bytes")
        ),
        (
            #""blob":"AQ""#, #""blob":"\#(Base64URL.encode([UInt8](repeating: 1, count: 65)))""#,
            .credential(number: 1, reason: "its blob is too long")
        ),
        (
            #""compressed":"AQ""#, #""compressed":"\#(Base64URL.encode([UInt8](repeating: 1, count: 4097)))""#,
            .credential(number: 1, reason: "its large blob is too long")
        ),
    ]

    /// An export with two credentials and everything in it.
    private static func example() throws -> String {
        let first = CredentialSource(
            id: [1, 2, 3], relyingPartyID: "example.com", userHandle: [4, 5], userName: "ann",
            privateKey: try Workspace.source(1).privateKey, isDiscoverable: true,
            properties: CredentialProperties(
                blob: [1], largeBlobKey: wrappingKey, hasRoomForLargeBlob: true,
                largeBlob: LargeBlobData(compressed: [1], originalSize: 9)))
        let second = CredentialSource(
            id: [4, 5, 6], relyingPartyID: "example.com", userHandle: [5],
            privateKey: try Workspace.source(2).privateKey, isDiscoverable: true)
        let export = StoreExport(
            credentials: [first, second], wrappingKey: wrappingKey, signatureCounter: 512)
        return String(decoding: try export.encoded().exposeSecret(), as: UTF8.self)
    }

    @Test("What no store holds is refused", arguments: refused)
    func refusals(part: String, replacement: String, error: StoreExportError) throws {
        let right = try Self.example()
        _ = try StoreExport(decoding: SecretBytes(Array(right.utf8)))
        let range = try #require(right.range(of: part))
        let wrong = right.replacingCharacters(in: range, with: replacement)
        #expect(throws: error) { try StoreExport(decoding: SecretBytes(Array(wrong.utf8))) }
        #expect(error.description.contains(" "))
    }

    @Test("What is no key and no protection is refused")
    func keys() throws {
        let right = try Self.example()
        for (part, replacement) in [
            (#""algorithm":-7"#, #""algorithm":-65535"#), (#""protection":1"#, #""protection":4"#),
            (#""privateKey":""#, #""privateKey":"AA","x":""#),
        ] {
            let range = try #require(right.range(of: part))
            let wrong = right.replacingCharacters(in: range, with: replacement)
            let error = #expect(throws: StoreExportError.self) {
                try StoreExport(decoding: SecretBytes(Array(wrong.utf8)))
            }
            #expect(error?.description.hasPrefix("credential 1 of the export is not one") == true)
        }
    }

    @Test("The file is written once, with mode 0600, and says nothing about what is in it")
    func file() async throws {
        let workspace = try Workspace()
        var generator = SeededGenerator(seed: 1)
        let export = StoreExport(
            credentials: [try Self.full(1)], wrappingKey: Self.wrappingKey, signatureCounter: 1)
        let passphrase = try Workspace.passphrase("one")
        let box = try PassphraseBox(
            sealing: try export.encoded(), under: passphrase, purpose: .export, cost: try Workspace.lowCost(),
            using: &generator)
        let path = workspace.path("export")
        try box.write(toNewFileAt: path)
        #expect(try workspace.mode("export") == 0o600)
        let contents = try Data(contentsOf: URL(filePath: path))
        #expect(contents.range(of: Data("manual.example".utf8)) == nil)
        let read = try PassphraseBox(decoding: Array(contents), purpose: .export)
        #expect(try StoreExport(decoding: try read.open(with: passphrase)) == export)
        #expect(throws: NewFileError.exists(path: path)) { try box.write(toNewFileAt: path) }
        #expect(try Data(contentsOf: URL(filePath: path)) == contents)
        let missing = workspace.path("missing/export")
        #expect(throws: NewFileError.file(path: missing, reason: "No such file or directory")) {
            try box.write(toNewFileAt: missing)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: workspace.directory.path) == ["export"])
    }
}
