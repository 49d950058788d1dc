import Crypto
import FoundationEssentials

/// The symmetric state of the Noise Protocol Framework, revision 34 §5.2, as CTAP 2.3 §11.5.1.2 uses it.
///
/// Every handshake message here carries an empty payload that is encrypted under a key of its own, so the nonce is
/// always zero, and encrypting comes down to a tag.
struct NoiseSymmetricState: Sendable {
    /// Bytes of an AES-GCM tag.
    static let tagByteCount = 16

    private(set) var handshakeHash: [UInt8]
    private var chainingKey: [UInt8]
    private var key: SymmetricKey

    /// The state before the first message: name, prologue, pre-message key and pre-shared key are mixed in.
    init(pattern: NoisePattern, preMessageKey: P256.KeyAgreement.PublicKey, psk: SymmetricKey) {
        // A name of at most 32 bytes is not hashed but padded (Noise §5.2, InitializeSymmetric).
        let name = Array(pattern.protocolName.utf8)
        handshakeHash = name + [UInt8](repeating: 0, count: max(0, SHA256.byteCount - name.count))
        chainingKey = handshakeHash
        key = psk
        mixHash([pattern.prologue])
        mixHash(Array(preMessageKey.x963Representation))
        mixKeyAndHash(psk)
    }

    mutating func mixHash(_ data: [UInt8]) {
        handshakeHash = Array(SHA256.hash(data: handshakeHash + data))
    }

    /// Mixes in an ephemeral public key: into the hash, and with a pre-shared key also into the keys (Noise §9.2).
    mutating func mix(ephemeral: P256.KeyAgreement.PublicKey) {
        let bytes = Array(ephemeral.x963Representation)
        mixHash(bytes)
        mixKey(SymmetricKey(data: bytes))
    }

    /// Mixes in the x-coordinate of a key agreement.
    mutating func mix(
        _ privateKey: P256.KeyAgreement.PrivateKey, with publicKey: P256.KeyAgreement.PublicKey
    ) throws(HandshakeError) {
        do {
            mixKey(SymmetricKey(data: try privateKey.sharedSecretFromKeyAgreement(with: publicKey)))
        } catch {
            throw .invalidPublicKey
        }
    }

    private mutating func mixKey(_ material: SymmetricKey) {
        let output = expand(material, byteCount: 64)
        chainingKey = Array(output.prefix(32))
        key = SymmetricKey(data: Array(output.dropFirst(32)))
    }

    private mutating func mixKeyAndHash(_ material: SymmetricKey) {
        let output = expand(material, byteCount: 96)
        chainingKey = Array(output.prefix(32))
        mixHash(Array(output[32..<64]))
        key = SymmetricKey(data: Array(output.dropFirst(64)))
    }

    /// The tag of an empty payload.
    mutating func sealEmptyPayload() throws(HandshakeError) -> [UInt8] {
        do {
            let nonce = try AES.GCM.Nonce(data: Self.zeroNonce)
            let box = try AES.GCM.seal([UInt8](), using: key, nonce: nonce, authenticating: handshakeHash)
            let tag = Array(box.tag)
            mixHash(tag)
            return tag
        } catch {
            throw .encryptionFailed
        }
    }

    /// Verifies the tag of an empty payload.
    mutating func openEmptyPayload(tag: [UInt8]) throws(HandshakeError) {
        do {
            let nonce = try AES.GCM.Nonce(data: Self.zeroNonce)
            let box = try AES.GCM.SealedBox(nonce: nonce, ciphertext: [UInt8](), tag: tag)
            _ = try AES.GCM.open(box, using: key, authenticating: handshakeHash)
        } catch {
            throw .authenticationFailed
        }
        mixHash(tag)
    }

    /// The keys from initiator to responder and back.
    func split() -> (initiatorKey: SymmetricKey, responderKey: SymmetricKey) {
        let output = expand(SymmetricKey(data: [UInt8]()), byteCount: 64)
        return (SymmetricKey(data: Array(output.prefix(32))), SymmetricKey(data: Array(output.dropFirst(32))))
    }

    private static let zeroNonce = [UInt8](repeating: 0, count: 12)

    private func expand(_ material: SymmetricKey, byteCount: Int) -> [UInt8] {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: material, salt: chainingKey, info: [UInt8](), outputByteCount: byteCount
        ).keyBytes
    }
}

/// The two handshake patterns of hybrid transactions (CTAP 2.3 §11.5.1.2 and §11.5.2).
enum NoisePattern {
    /// The responder knows the initiator's key, from the QR code.
    case knpsk0
    /// The initiator knows the responder's key, from linking.
    case nkpsk0

    var protocolName: String {
        switch self {
        case .knpsk0: "Noise_KNpsk0_P256_AESGCM_SHA256"
        case .nkpsk0: "Noise_NKpsk0_P256_AESGCM_SHA256"
        }
    }

    var prologue: UInt8 {
        switch self {
        case .knpsk0: 1
        case .nkpsk0: 0
        }
    }
}
