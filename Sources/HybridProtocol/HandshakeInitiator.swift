public import Crypto
import FoundationEssentials

/// The client platform's side of the handshake (CTAP 2.3 §11.5.1.2 and §11.5.2).
public struct HandshakeInitiator: Sendable {
    /// Which side has an identity key.
    public enum Pattern: Sendable {
        /// QR-initiated: the client platform, by the key in its QR code.
        case knpsk0(identityKey: P256.KeyAgreement.PrivateKey)
        /// State-assisted: the authenticator, by the key in its linking information.
        case nkpsk0(authenticatorIdentity: P256.KeyAgreement.PublicKey)
    }

    /// The message to send, 81 bytes.
    public let message1: [UInt8]

    private let pattern: Pattern
    private let ephemeralKey: P256.KeyAgreement.PrivateKey
    private var state: NoiseSymmetricState

    /// Starts a handshake.
    ///
    /// - Parameters:
    ///   - psk: the pre-shared key of secret and advertisement.
    ///   - pattern: the kind of transaction.
    ///   - generator: where the ephemeral key comes from.
    /// - Throws: an error when the generator yields no key or the authenticator's key is unusable.
    public init(
        psk: SymmetricKey, pattern: Pattern, using generator: inout some RandomNumberGenerator
    ) throws(HandshakeError) {
        try self.init(psk: psk, pattern: pattern, ephemeralKey: .ephemeral(using: &generator))
    }

    /// Starts a handshake with a given ephemeral key.
    init(
        psk: SymmetricKey, pattern: Pattern, ephemeralKey: P256.KeyAgreement.PrivateKey
    ) throws(HandshakeError) {
        self.pattern = pattern
        self.ephemeralKey = ephemeralKey
        switch pattern {
        case .knpsk0(let identityKey):
            state = NoiseSymmetricState(pattern: .knpsk0, preMessageKey: identityKey.publicKey, psk: psk)
            state.mix(ephemeral: ephemeralKey.publicKey)
        case .nkpsk0(let authenticatorIdentity):
            state = NoiseSymmetricState(pattern: .nkpsk0, preMessageKey: authenticatorIdentity, psk: psk)
            state.mix(ephemeral: ephemeralKey.publicKey)
            // "es"
            try state.mix(ephemeralKey, with: authenticatorIdentity)
        }
        message1 = HandshakeMessage.encode(ephemeralKey.publicKey, tag: try state.sealEmptyPayload())
    }

    /// Ends the handshake with the authenticator's answer.
    ///
    /// - Throws: an error when the answer is not one of an authenticator that knows the pre-shared key (and, when
    ///   state-assisted, holds the identity key).
    public consuming func finish(message2: [UInt8]) throws(HandshakeError) -> HandshakeResult {
        let message = try HandshakeMessage(message2)
        var state = state
        // "e", "ee"
        state.mix(ephemeral: message.ephemeralKey)
        try state.mix(ephemeralKey, with: message.ephemeralKey)
        // "se"
        if case .knpsk0(let identityKey) = pattern { try state.mix(identityKey, with: message.ephemeralKey) }
        try state.openEmptyPayload(tag: message.tag)
        let keys = state.split()
        return HandshakeResult(
            cipher: HybridTransportCipher(sendKey: keys.initiatorKey, receiveKey: keys.responderKey),
            handshakeHash: state.handshakeHash)
    }
}

extension HandshakeInitiator: CustomStringConvertible {
    /// Nothing of the keys.
    public var description: String { "hybrid handshake initiator (keys withheld)" }
}

extension P256.KeyAgreement.PrivateKey {
    static func ephemeral(
        using generator: inout some RandomNumberGenerator
    ) throws(HandshakeError) -> P256.KeyAgreement.PrivateKey {
        do {
            return try HybridKeyGeneration.privateKey(using: &generator)
        } catch {
            throw .keyGeneration(error)
        }
    }
}
