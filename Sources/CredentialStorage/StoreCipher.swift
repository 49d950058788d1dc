import Crypto
import Foundation
import SoftwareAuthenticator
import WebAuthnModel

/// Seals the secret parts of rows, each bound to its row: a sealed value that is moved to another does not open.
struct StoreCipher: Sendable {
    private let sealingKey: SymmetricKey
    /// Keyed once, because keying costs more than an account's few bytes.
    private let accountAuthentication: HMAC<SHA256>

    init(_ key: StoreKey) {
        sealingKey = key.derived(for: "aikagi credential store: sealing")
        accountAuthentication = HMAC(key: key.derived(for: "aikagi credential store: accounts"))
    }

    /// AES-256-GCM with a random nonce: `nonce[12] ‖ ciphertext ‖ tag[16]`.
    func seal(_ plaintext: [UInt8], boundTo row: RowIdentity) throws -> Data {
        // From the system each time: whatever is copied with the process, no nonce comes twice.
        var generator = SystemRandomNumberGenerator()
        let nonce = randomBytes(12, using: &generator)
        let box = try AES.GCM.seal(
            plaintext, using: sealingKey, nonce: AES.GCM.Nonce(data: nonce), authenticating: row.encoded)
        var sealed = Data(nonce)
        sealed.append(box.ciphertext)
        sealed.append(box.tag)
        return sealed
    }

    /// What ``seal(_:boundTo:)`` sealed.
    ///
    /// - Throws: ``StoreCipherError`` when the key or the row is another, or the bytes have been changed.
    func open(_ sealed: Data, boundTo row: RowIdentity) throws(StoreCipherError) -> [UInt8] {
        do {
            let box = try AES.GCM.SealedBox(combined: sealed)
            return Array(try AES.GCM.open(box, using: sealingKey, authenticating: row.encoded))
        } catch {
            throw StoreCipherError()  // authenticated encryption has one way to fail
        }
    }

    /// A name for one account at one relying party that only the key's owner can compute: the user handle itself is
    /// sealed, and yet an account can have only one credential.
    func accountTag(relyingPartyID: String, userHandle: [UInt8]) -> Data {
        var authentication = accountAuthentication
        authentication.update(data: RowIdentity.encode([Array(relyingPartyID.utf8), userHandle]))
        return Data(authentication.finalize())
    }
}

/// A sealed value does not open.
struct StoreCipherError: Error {}

/// What a sealed value is bound to.
enum RowIdentity {
    /// A row of the table of single values.
    case setting(String)
    /// A row of the table of credentials.
    case credential(id: [UInt8], relyingPartyID: String, algorithm: Int)

    var encoded: [UInt8] {
        switch self {
        case .setting(let name):
            RowIdentity.encode([Array("setting".utf8), Array(name.utf8)])
        case .credential(let id, let relyingPartyID, let algorithm):
            RowIdentity.encode([
                Array("credential".utf8), id, Array(relyingPartyID.utf8), Array(String(algorithm).utf8),
            ])
        }
    }

    /// Each part after its length in eight bytes, so that no two lists have one encoding.
    static func encode(_ parts: [[UInt8]]) -> [UInt8] {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(parts.reduce(0) { $0 + 8 + $1.count })
        for part in parts {
            for shift in stride(from: 56, through: 0, by: -8) {
                encoded.append(UInt8(truncatingIfNeeded: part.count >> shift))
            }
            encoded += part
        }
        return encoded
    }
}
