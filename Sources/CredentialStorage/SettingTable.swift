import Foundation
import GRDB
import SoftwareAuthenticator

/// The single values of a store, all sealed.
struct SettingTable {
    /// Which value.
    enum Name: String, Sendable {
        case keyCheck
        case wrappingKey
        case attestationIdentity
        case authenticatorState
        case largeBlobArray
    }

    let db: Database
    let cipher: StoreCipher

    /// The value, if there is one.
    subscript(name: Name) -> [UInt8]? {
        get throws {
            try Data.fetchOne(
                db.cachedStatement(sql: "SELECT sealed FROM setting WHERE name = ?"), arguments: [name.rawValue]
            ).map { try cipher.open($0, boundTo: .setting(name.rawValue)) }
        }
    }

    /// The authenticator's state, if there is one.
    func authenticatorState() throws -> AuthenticatorState? {
        guard let bytes = try self[.authenticatorState] else { return nil }
        guard let state = AuthenticatorState(serialized: SecretBytes(bytes)) else {
            throw CredentialStoreError.unavailable(
                "the authenticator's state cannot be read; restore the store from a backup")
        }
        return state
    }

    /// Removes a value.
    func remove(_ name: Name) throws {
        try db.execute(sql: "DELETE FROM setting WHERE name = ?", arguments: [name.rawValue])
    }

    /// Stores a value in place of the earlier one.
    func set(_ name: Name, _ value: [UInt8]) throws {
        let sealed = try cipher.seal(value, boundTo: .setting(name.rawValue))
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO setting (name, sealed) VALUES (?, ?)").execute(
            arguments: [name.rawValue, sealed])
    }
}
