/// What both sides have after a handshake (CTAP 2.3 §11.5.1.2).
public struct HandshakeResult: Sendable {
    /// The encryption of the messages that follow, from this side's view.
    public var cipher: HybridTransportCipher
    /// The hash of the handshake, which a linking signature covers; 32 bytes.
    public let handshakeHash: [UInt8]
}

extension HandshakeResult: CustomStringConvertible {
    /// Nothing of the keys.
    public var description: String { "finished hybrid handshake (keys withheld)" }
}
