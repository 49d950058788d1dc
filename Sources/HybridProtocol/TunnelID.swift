/// The identifier of a tunnel, which both sides derive from the QR secret (CTAP 2.3 §11.5.1.1.1); 16 bytes.
public struct TunnelID: Hashable, Sendable {
    /// Bytes of an identifier.
    public static let byteCount = 16

    /// The identifier.
    public let bytes: [UInt8]

    /// An identifier of 16 bytes; `nil` for any other number.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    /// An identifier spelled by 32 hexadecimal digits of either case; `nil` for anything else.
    public init?(hexadecimal: some StringProtocol) {
        guard let bytes = Hexadecimal.decode(hexadecimal) else { return nil }
        self.init(bytes)
    }

    init(derived bytes: [UInt8]) { self.bytes = bytes }

    /// Lower-case hexadecimal digits.
    public var hexadecimal: String { Hexadecimal.encode(bytes) }
}

extension TunnelID: CustomStringConvertible {
    /// The hexadecimal digits.
    public var description: String { hexadecimal }
}
