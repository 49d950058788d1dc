/// The content of an advertisement before encryption, 16 bytes (CTAP 2.3 §11.5.1).
///
///     0         zero
///     1 ... 10  nonce
///     11 ... 13 routing identifier
///     14, 15    tunnel service domain, little-endian
public struct HybridEID: Hashable, Sendable {
    /// Bytes of the content.
    public static let byteCount = 16
    /// Bytes of the nonce.
    public static let nonceByteCount = 10

    /// The 16 bytes.
    public let bytes: [UInt8]
    /// The domain of the authenticator's tunnel service.
    public let domain: TunnelDomain

    /// Reads the content of an advertisement.
    ///
    /// - Returns: `nil` unless there are 16 bytes, the first is zero and the domain is one that exists.
    public init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount, bytes[0] == 0,
            let domain = TunnelDomain(id: UInt16(bytes[14]) | UInt16(bytes[15]) << 8)
        else { return nil }
        self.bytes = bytes
        self.domain = domain
    }

    /// The content of an advertisement for a QR-initiated transaction, with a fresh nonce.
    public init(routingID: RoutingID, domain: TunnelDomain, using generator: inout some RandomNumberGenerator) {
        let nonce = HybridKeyGeneration.bytes(Self.nonceByteCount, using: &generator)
        self.init(checkedNonce: nonce, routingID: routingID, domain: domain)
    }

    /// The content of an advertisement with a given nonce.
    ///
    /// - Returns: `nil` unless the nonce has 10 bytes.
    public init?(nonce: [UInt8], routingID: RoutingID, domain: TunnelDomain) {
        guard nonce.count == Self.nonceByteCount else { return nil }
        self.init(checkedNonce: nonce, routingID: routingID, domain: domain)
    }

    /// The content of an advertisement for a state-assisted transaction (CTAP 2.3 §11.5.2), which needs no routing.
    ///
    /// All but the first byte is random there; only the domain is kept at 0, because client platforms refuse an
    /// advertisement whose domain is not assigned.
    public init(forLinkUsing generator: inout some RandomNumberGenerator) {
        let random = HybridKeyGeneration.bytes(Self.nonceByteCount + RoutingID.byteCount, using: &generator)
        let routingID = RoutingID(checked: Array(random.suffix(RoutingID.byteCount)))
        self.init(checkedNonce: Array(random.prefix(Self.nonceByteCount)), routingID: routingID, domain: .google)
    }

    private init(checkedNonce nonce: [UInt8], routingID: RoutingID, domain: TunnelDomain) {
        bytes =
            [0] + nonce + routingID.bytes
            + [UInt8(truncatingIfNeeded: domain.id), UInt8(truncatingIfNeeded: domain.id >> 8)]
        self.domain = domain
    }

    /// The nonce.
    public var nonce: [UInt8] { Array(bytes[1..<11]) }

    /// The routing identifier that the tunnel service gave the authenticator.
    public var routingID: RoutingID { RoutingID(checked: Array(bytes[11..<14])) }
}

extension HybridEID: CustomStringConvertible {
    /// Domain and routing; the rest goes into keys.
    public var description: String { "EID (\(domain.name), routing \(routingID); nonce withheld)" }
}
