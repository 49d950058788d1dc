extension [UInt8] {
    /// The bytes that hexadecimal digits spell; white space is ignored.
    ///
    /// - Returns: `nil` for an odd number of digits or any other character.
    public init?(hex: some StringProtocol) {
        var nibbles: [UInt8] = []
        for character in hex where !character.isWhitespace {
            guard let nibble = character.hexDigitValue, character.isASCII else { return nil }
            nibbles.append(UInt8(nibble))
        }
        guard nibbles.count.isMultiple(of: 2) else { return nil }
        self = stride(from: 0, to: nibbles.count, by: 2).map { nibbles[$0] << 4 | nibbles[$0 + 1] }
    }

    /// Lower-case hexadecimal digits.
    public var hex: String {
        let digits = Array<Character>("0123456789abcdef")
        return String(flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
