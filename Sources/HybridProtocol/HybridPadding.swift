/// The padding of messages before encryption, which hides their exact length (CTAP 2.3 §11.5.1.2).
enum HybridPadding {
    /// Lengths are padded to a multiple of this.
    static let granularity = 32

    /// Appends zero bytes and one byte that counts them, 0 to 31.
    static func pad(_ message: [UInt8]) -> [UInt8] {
        let zeroCount = granularity - 1 - message.count % granularity
        return message + [UInt8](repeating: 0, count: zeroCount) + [UInt8(truncatingIfNeeded: zeroCount)]
    }

    /// Drops the padding; `nil` if its count exceeds what is there.
    ///
    /// Neither the total length nor the zeros are checked: peers pad before they prepend the message type.
    static func unpad(_ padded: [UInt8]) -> [UInt8]? {
        guard let zeroCount = padded.last, Int(zeroCount) < padded.count else { return nil }
        return Array(padded.dropLast(Int(zeroCount) + 1))
    }
}
