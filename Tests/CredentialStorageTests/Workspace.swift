import CredentialStorage
import Foundation
import GRDB
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

/// A directory that lives as long as a test.
final class Workspace: Sendable {
    let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "aikagi-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)  // cleanup; a left-over in /tmp harms nobody
    }

    func path(_ name: String) -> String { directory.appending(path: name).path }

    func store(_ name: String = "store.sqlite", key: StoreKey? = nil, capacity: Int = 1000) throws
        -> SQLiteCredentialStore
    {
        try SQLiteCredentialStore(path: path(name), key: try key ?? Workspace.key(1), capacity: capacity)
    }

    /// The last signature counter that is reserved on disk.
    func reservedCounter() async throws -> Int64 {
        try await DatabaseQueue(path: path("store.sqlite")).read { db in
            try Int64.fetchOne(db, sql: "SELECT value FROM signatureCounter") ?? -1
        }
    }

    func mode(_ name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path(name))[.posixPermissions] as? Int
    }

    func chmod(_ name: String, _ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path(name))
    }

    /// A passphrase.
    static func passphrase(_ text: String) throws -> Passphrase { try #require(Passphrase(text)) }

    /// A cost that no test waits for.
    static func lowCost() throws -> PassphraseCost {
        try #require(PassphraseCost(logarithmOfRounds: 1, blockSize: 1, parallelism: 1))
    }

    /// A key of equal bytes.
    static func key(_ byte: UInt8) throws -> StoreKey {
        try #require(StoreKey(SecretBytes([UInt8](repeating: byte, count: 32))))
    }

    /// A credential whose parts follow from its number.
    static func source(
        _ number: UInt8, relyingPartyID: String = "manual.example", user: [UInt8]? = nil,
        algorithm: COSEAlgorithm = .es256
    ) throws -> CredentialSource {
        var generator = SeededGenerator(seed: UInt64(number))
        return CredentialSource(
            id: [UInt8](repeating: number, count: 32), relyingPartyID: relyingPartyID,
            userHandle: user ?? Array("handle-of-user-\(number)".utf8), userName: "name-of-user-\(number)",
            userDisplayName: "display-name-\(number)",
            privateKey: try CredentialPrivateKey(generating: algorithm, using: &generator), isDiscoverable: true)
    }
}
