/// The number of a CTAPHID logical channel (CTAP 2.3 §11.2.3).
public struct ChannelID: RawRepresentable, Hashable, Sendable {
    /// The number as it stands, big-endian, in the first four bytes of a report.
    public let rawValue: UInt32

    /// A channel of any number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The channel on which a client asks for one of its own: `FFFFFFFF`.
    public static let broadcast = ChannelID(rawValue: 0xFFFF_FFFF)
    /// The number that is never a channel: `00000000`.
    public static let reserved = ChannelID(rawValue: 0)

    /// The four big-endian bytes.
    var bytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: rawValue >> (24 - 8 * $0)) } }

    /// The channel that four big-endian bytes name; bytes that are missing count as nothing.
    init(bytes: some Sequence<UInt8>) {
        rawValue = bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
}

extension ChannelID: CustomStringConvertible {
    /// Eight hexadecimal digits.
    public var description: String {
        let digits = String(rawValue, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
