public import Crypto
import FoundationEssentials

/// The authenticator's side of the handshake (CTAP 2.3 §11.5.1.2 and §11.5.2).
public enum HandshakeResponder {
    /// Which side has an identity key.
    public enum Pattern: Sendable {
        /// QR-initiated: the client platform, by the key in its QR code.
        case knpsk0(clientIdentity: P256.KeyAgreement.PublicKey)
        /// State-assisted: the authenticator, by the key in its linking information.
        case nkpsk0(identityKey: P256.KeyAgreement.PrivateKey)
    }

    /// Answers the first message of a client platform.
    ///
    /// - Parameters:
    ///   - message1: what the client platform sent.
    ///   - psk: the pre-shared key of secret and advertisement.
    ///   - pattern: the kind of transaction.
    ///   - generator: where the ephemeral key comes from.
    /// - Returns: the message to send, 81 bytes, and what the handshake gave.
    /// - Throws: an error when the message is not one of a client platform that knows the pre-shared key.
    public static func respond(
        to message1: [UInt8], psk: SymmetricKey, pattern: Pattern, using generator: inout some RandomNumberGenerator
    ) throws(HandshakeError) -> (message2: [UInt8], result: HandshakeResult) {
        try respond(to: message1, psk: psk, pattern: pattern, ephemeralKey: .ephemeral(using: &generator))
    }

    /// Answers with a given ephemeral key.
    static func respond(
        to message1: [UInt8], psk: SymmetricKey, pattern: Pattern, ephemeralKey: P256.KeyAgreement.PrivateKey
    ) throws(HandshakeError) -> (message2: [UInt8], result: HandshakeResult) {
        let message = try HandshakeMessage(message1)
        var state: NoiseSymmetricState
        // 1. "e", and "es" when state-assisted.
        switch pattern {
        case .knpsk0(let clientIdentity):
            state = NoiseSymmetricState(pattern: .knpsk0, preMessageKey: clientIdentity, psk: psk)
            state.mix(ephemeral: message.ephemeralKey)
        case .nkpsk0(let identityKey):
            state = NoiseSymmetricState(pattern: .nkpsk0, preMessageKey: identityKey.publicKey, psk: psk)
            state.mix(ephemeral: message.ephemeralKey)
            try state.mix(identityKey, with: message.ephemeralKey)
        }
        try state.openEmptyPayload(tag: message.tag)
        // 2. "e", "ee", and "se" when QR-initiated.
        state.mix(ephemeral: ephemeralKey.publicKey)
        try state.mix(ephemeralKey, with: message.ephemeralKey)
        if case .knpsk0(let clientIdentity) = pattern { try state.mix(ephemeralKey, with: clientIdentity) }
        let message2 = HandshakeMessage.encode(ephemeralKey.publicKey, tag: try state.sealEmptyPayload())
        let keys = state.split()
        let result = HandshakeResult(
            cipher: HybridTransportCipher(sendKey: keys.responderKey, receiveKey: keys.initiatorKey),
            handshakeHash: state.handshakeHash)
        return (message2, result)
    }
}
