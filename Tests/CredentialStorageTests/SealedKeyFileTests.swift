import CredentialStorage
import Foundation
import SoftwareAuthenticator
import TestSupport
import Testing

@Suite("A key file under a passphrase")
struct SealedKeyFileTests {
    @Test("is made with the passphrase, and opens with no other and not without")
    func creation() throws {
        let workspace = try Workspace()
        let path = workspace.path("key")
        var generator = SeededGenerator(seed: 1)
        #expect(try StoreKey.isSealed(fileAt: path) == nil)
        let passphrase = try Workspace.passphrase("one")
        let key = try StoreKey(
            fileAt: path, passphrase: passphrase, cost: try Workspace.lowCost(), using: &generator)
        #expect(try StoreKey.isSealed(fileAt: path) == true)
        #expect(try workspace.mode("key") == 0o600)
        #expect(try StoreKey(fileAt: path, passphrase: passphrase) == key)
        #expect(throws: StoreKeyError.passphraseNeeded(path: path)) { try StoreKey(fileAt: path) }
        let error = StoreKeyError.sealed(path: path, .wrongPassphrase)
        #expect(throws: error) { try StoreKey(fileAt: path, passphrase: try Workspace.passphrase("two")) }
        #expect(error.description.contains("the passphrase is wrong"))
    }

    @Test("is resealed, opened and freed again, and holds the same key all the time")
    func resealing() throws {
        let workspace = try Workspace()
        let path = workspace.path("key")
        let key = try StoreKey(fileAt: path)
        let cost = try Workspace.lowCost()
        let (one, two) = (try Workspace.passphrase("one"), try Workspace.passphrase("two"))
        #expect(throws: StoreKeyError.notSealed(path: path)) { try StoreKey(fileAt: path, passphrase: one) }
        var contents: Set<Data> = []
        for passphrase in [one, one, two, nil] as [Passphrase?] {
            try key.reseal(fileAt: path, under: passphrase, cost: cost)
            #expect(try StoreKey(fileAt: path, passphrase: passphrase) == key)
            #expect(try StoreKey.isSealed(fileAt: path) == (passphrase != nil))
            #expect(try workspace.mode("key") == 0o600)
            contents.insert(try Data(contentsOf: URL(filePath: path)))
        }
        #expect(contents.count == 4)  // each time salt and nonce are others
        #expect(try FileManager.default.contentsOfDirectory(atPath: workspace.directory.path) == ["key"])
    }

    @Test("behind a symbolic link is replaced there, and the link stays")
    func symbolicLink() throws {
        let workspace = try Workspace()
        let key = try StoreKey(fileAt: workspace.path("key"))
        try FileManager.default.createSymbolicLink(
            atPath: workspace.path("link"), withDestinationPath: workspace.path("key"))
        let passphrase = try Workspace.passphrase("one")
        try key.reseal(fileAt: workspace.path("link"), under: passphrase, cost: try Workspace.lowCost())
        #expect(try StoreKey(fileAt: workspace.path("key"), passphrase: passphrase) == key)
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: workspace.path("link")) == workspace.path("key"))
        let missing = workspace.path("missing")
        #expect(throws: StoreKeyError.file(path: missing, reason: "No such file or directory")) {
            try key.reseal(fileAt: missing, under: nil)
        }
    }

    @Test("opens its store, and a store says what is wrong with the passphrase")
    func store() async throws {
        let workspace = try Workspace()
        let (path, keyPath) = (workspace.path("s.sqlite"), workspace.path("s.key"))
        let source = try Workspace.source(1)
        try await SQLiteCredentialStore(path: path, keyFileAt: keyPath).save(source)
        let passphrase = try Workspace.passphrase("one")
        try StoreKey(fileAt: keyPath).reseal(fileAt: keyPath, under: passphrase, cost: try Workspace.lowCost())
        let store = try SQLiteCredentialStore(path: path, keyFileAt: keyPath, passphrase: passphrase)
        #expect(try await store.source(id: source.id) == source)
        #expect(throws: SQLiteCredentialStoreError.keyFile(.passphraseNeeded(path: keyPath))) {
            try SQLiteCredentialStore(path: path, keyFileAt: keyPath)
        }
    }
}
