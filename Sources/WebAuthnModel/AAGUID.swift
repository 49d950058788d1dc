public import FoundationEssentials

/// The identifier of an authenticator model (WebAuthn Level 3 §6.5.2): 16 bytes, all zero when it is not disclosed.
public struct AAGUID: Hashable, Sendable {
    /// The 16 bytes.
    public let bytes: [UInt8]

    /// Not disclosed.
    public static let zero = AAGUID(UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))

    /// Takes exactly 16 bytes, else `nil`.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.bytes = Array(bytes)
    }

    /// The bytes of a UUID.
    public init(_ uuid: UUID) {
        let (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p) = uuid.uuid
        bytes = [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
    }
}

extension AAGUID: CustomStringConvertible {
    /// Groups of lower-case hexadecimal digits, as metadata statements write it.
    public var description: String {
        let digits = Array("0123456789abcdef")
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append("-") }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }
}
