public import Crypto
import FoundationEssentials

/// The key schedule of hybrid transactions (CTAP 2.3 §11.5.1, "derive").
///
/// HKDF with SHA-256 whose info is the purpose as a 32-bit little-endian integer.
public enum HybridKeyDerivation {
    /// What derived bytes are for.
    enum Purpose: UInt32, CaseIterable {
        case eidKey = 1
        case tunnelID = 2
        case psk = 3
        case pairedSecret = 4
        case identityKeySeed = 5
        case perContactIDSecret = 6
    }

    /// Bytes of a root secret, a link secret and an identity key seed.
    public static let secretByteCount = 32

    /// The keys that seal and open the advertisement.
    ///
    /// - Parameters:
    ///   - secret: the QR secret, or the link secret of a state-assisted transaction.
    ///   - clientNonce: empty for a QR code, the nonce of the client payload for a state-assisted transaction.
    public static func eidKey(secret: [UInt8], clientNonce: [UInt8] = []) -> EIDKey {
        let key = derive(secret: secret, salt: clientNonce, purpose: .eidKey, byteCount: 64)
        return EIDKey(encryptionKey: key.prefix(32), authenticationKey: key.dropFirst(32))
    }

    /// The identifier of the tunnel of a QR-initiated transaction.
    public static func tunnelID(qrSecret: [UInt8]) -> TunnelID {
        TunnelID(derived: derive(secret: qrSecret, purpose: .tunnelID, byteCount: TunnelID.byteCount))
    }

    /// The pre-shared key of the handshake, which proves having seen the advertisement.
    ///
    /// - Parameters:
    ///   - secret: the QR secret, or the link secret of a state-assisted transaction.
    ///   - eid: the content of the advertisement.
    public static func psk(secret: [UInt8], eid: HybridEID) -> SymmetricKey {
        SymmetricKey(data: derive(secret: secret, salt: eid.bytes, purpose: .psk, byteCount: 32))
    }

    /// A link secret that the authenticator can compute again from its root secret (CTAP 2.3 §11.5.2); 32 bytes.
    ///
    /// - Parameter rootSecret: the authenticator's own, or what ``perContactIDSecret(rootSecret:contactID:)`` gives.
    public static func pairedSecret(rootSecret: [UInt8], linkID: [UInt8]) -> [UInt8] {
        derive(secret: rootSecret, salt: linkID, purpose: .pairedSecret, byteCount: secretByteCount)
    }

    /// The seed of the authenticator's identity key for state-assisted transactions; 32 bytes.
    public static func identityKeySeed(rootSecret: [UInt8]) -> [UInt8] {
        derive(secret: rootSecret, purpose: .identityKeySeed, byteCount: secretByteCount)
    }

    /// A root secret bound to a contact identifier, so that changing the identifier invalidates all links; 32 bytes.
    public static func perContactIDSecret(rootSecret: [UInt8], contactID: [UInt8]) -> [UInt8] {
        derive(secret: rootSecret, salt: contactID, purpose: .perContactIDSecret, byteCount: secretByteCount)
    }

    static func derive(secret: [UInt8], salt: [UInt8] = [], purpose: Purpose, byteCount: Int) -> [UInt8] {
        let info = (0..<4).map { UInt8(truncatingIfNeeded: purpose.rawValue >> (8 * UInt32($0))) }
        return HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret), salt: salt, info: info, outputByteCount: byteCount
        ).keyBytes
    }
}

extension SymmetricKey {
    /// The bytes of the key, where the protocol splits or chains them.
    var keyBytes: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }
}
