public import Crypto

/// What the client platform keeps secret for one QR code (CTAP 2.3 §11.5.1): an identity key and the QR secret.
///
/// Make a new one for every ceremony.
public struct HybridQRKey: Sendable {
    /// The identity key, with which the client platform authenticates in the handshake.
    public let identityKey: P256.KeyAgreement.PrivateKey
    /// The QR secret, 16 bytes.
    public let qrSecret: [UInt8]

    /// Draws a new key.
    ///
    /// - Throws: an error when the generator does not yield a P-256 key in many attempts, that is, when it is broken.
    public init(using generator: inout some RandomNumberGenerator) throws(HybridKeyGenerationError) {
        identityKey = try HybridKeyGeneration.privateKey(using: &generator)
        qrSecret = HybridKeyGeneration.bytes(HybridQRCode.secretByteCount, using: &generator)
    }

    /// A key from its parts.
    ///
    /// - Returns: `nil` unless the secret has 16 bytes.
    public init?(identityKey: P256.KeyAgreement.PrivateKey, qrSecret: [UInt8]) {
        guard qrSecret.count == HybridQRCode.secretByteCount else { return nil }
        self.identityKey = identityKey
        self.qrSecret = qrSecret
    }

    /// The QR code to show.
    ///
    /// - Parameters:
    ///   - hint: what the client platform intends to do.
    ///   - timestamp: the moment, in seconds since 1970.
    ///   - supportsLinking: whether the client platform does state-assisted transactions; always said, because its
    ///     absence meant an older protocol to older authenticators.
    ///   - dataTransferChannels: the channels offered, the tunnel service always among them.
    public func qrCode(
        hint: HybridOperationHint, timestamp: UInt64, supportsLinking: Bool = false,
        dataTransferChannels: [HybridDataTransferChannel] = [.webSocket]
    ) -> HybridQRCode {
        HybridQRCode(
            identityPublicKey: identityKey.publicKey, validatedSecret: qrSecret, timestamp: timestamp,
            supportsLinking: supportsLinking, operationHint: hint, dataTransferChannels: dataTransferChannels)
    }
}

extension HybridQRKey: CustomStringConvertible {
    /// Nothing of the key.
    public var description: String { "hybrid QR key (withheld)" }
}
