/// What a tunnel service needs to find the server that holds a tunnel (CTAP 2.3 §11.5.1.1.1); 3 bytes.
public struct RoutingID: Hashable, Sendable {
    /// Bytes of an identifier.
    public static let byteCount = 3

    /// The identifier of services that need none.
    public static let zero = RoutingID(checked: [0, 0, 0])

    /// The identifier.
    public let bytes: [UInt8]

    /// An identifier of 3 bytes; `nil` for any other number.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    /// An identifier spelled by 6 hexadecimal digits of either case; `nil` for anything else.
    public init?(hexadecimal: some StringProtocol) {
        guard let bytes = Hexadecimal.decode(hexadecimal) else { return nil }
        self.init(bytes)
    }

    init(checked bytes: [UInt8]) { self.bytes = bytes }

    /// Lower-case hexadecimal digits.
    public var hexadecimal: String { Hexadecimal.encode(bytes) }
}

extension RoutingID: CustomStringConvertible {
    /// The hexadecimal digits.
    public var description: String { hexadecimal }
}
