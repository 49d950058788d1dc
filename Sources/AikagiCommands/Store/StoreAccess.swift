import CredentialStorage
import Glibc
import SupplementaryKeys

/// A store that the command line names: the database, and the key file beside it.
struct StoreAccess: Hashable, Sendable {
    /// The database.
    let path: String
    /// The file with the passphrase, if there is one.
    var passphraseFile: String?

    /// The key file.
    var keyFile: String { path + ".key" }

    /// Opens the store, or makes it; asks for the passphrase if one is needed and no file has it.
    ///
    /// - Parameter capacity: how many discoverable credentials it takes.
    func open(capacity: Int = 1000) async throws -> SQLiteCredentialStore {
        try SQLiteCredentialStore(
            path: path, keyFileAt: keyFile, passphrase: try await passphrase(), supplement: .all, capacity: capacity)
    }

    /// Opens a store that there is already.
    func openExisting() async throws -> SQLiteCredentialStore {
        try requireExistence()
        return try await open()
    }

    /// The key of a store that there is already.
    func key() async throws -> StoreKey {
        try requireExistence()
        let key = try StoreKey(fileAt: keyFile, passphrase: try await passphrase())
        _ = try SQLiteCredentialStore(path: path, key: key)  // refuses the key of another store
        return key
    }

    /// Whether a passphrase is set.
    func isSealed() throws -> Bool { try StoreKey.isSealed(fileAt: keyFile) ?? false }

    private func requireExistence() throws {
        guard access(path, F_OK) == 0 else { throw CommandFailure("there is no store at '\(path)'") }
        guard access(keyFile, F_OK) == 0 else {
            throw SQLiteCredentialStoreError.missingKeyFile(path: path, keyFile: keyFile)
        }
    }

    private func passphrase() async throws -> Passphrase? {
        if let passphraseFile { return try await PassphraseInput.read(passphraseFile) }
        guard try isSealed() else { return nil }
        return try await PassphraseInput.ask("Passphrase of \(keyFile)", otherwise: "give --passphrase-file")
    }
}
