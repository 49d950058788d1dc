import CBOR

/// What a client platform tells a linked authenticator through the tunnel service (CTAP 2.3 §11.5.2).
///
///     1: bstr .size 8    link identifier
///     2: bstr .size 16   client nonce
///     3: tstr            "ga" or "mc"
///
/// It travels as hexadecimal digits in the header ``TunnelHeader/clientPayload``.
public struct ClientPayload: Hashable, Sendable {
    /// Bytes of a client nonce.
    public static let nonceByteCount = 16

    /// The link identifier, 8 bytes.
    public let linkID: [UInt8]
    /// The client nonce, 16 bytes; the advertisement's keys depend on it.
    public let clientNonce: [UInt8]
    /// An assertion or a new credential.
    public let operationHint: HybridOperationHint

    /// A payload from its parts.
    ///
    /// - Returns: `nil` for identifier or nonce of wrong length, and for hints about digital credentials, which push
    ///   services do not pass on.
    public init?(linkID: [UInt8], clientNonce: [UInt8], operationHint: HybridOperationHint) {
        guard linkID.count == LinkingInformation.linkIDByteCount, clientNonce.count == Self.nonceByteCount,
            operationHint == .getAssertion || operationHint == .makeCredential
        else { return nil }
        self.linkID = linkID
        self.clientNonce = clientNonce
        self.operationHint = operationHint
    }

    /// Reads a payload; unknown keys are ignored.
    ///
    /// - Returns: `nil` unless all members are there and well-formed.
    public init?(decoding bytes: [UInt8]) {
        let map: CBORMap?
        do {
            map = try CBORDecoder.decode(bytes).map
        } catch {
            return nil
        }
        guard let linkID = map?[1]?.bytes, let nonce = map?[2]?.bytes,
            let hint = map?[3]?.text.flatMap(HybridOperationHint.init(rawValue:))
        else { return nil }
        self.init(linkID: linkID, clientNonce: nonce, operationHint: hint)
    }

    /// Reads the value of the header.
    ///
    /// - Returns: `nil` for anything but the hexadecimal digits of a payload.
    public init?(headerValue: String) {
        guard let bytes = Hexadecimal.decode(headerValue) else { return nil }
        self.init(decoding: bytes)
    }

    /// The payload as CTAP2 canonical CBOR.
    public func encoded() -> [UInt8] {
        var map = CBORMap()
        map[1] = .bytes(linkID)
        map[2] = .bytes(clientNonce)
        map[3] = .text(operationHint.rawValue)
        return CBOREncoder.encode(.map(map))
    }

    /// The value of the header, lower-case hexadecimal digits.
    public var headerValue: String { Hexadecimal.encode(encoded()) }
}
