/// Takes an input apart where one input stands for several things; what is missing reads as zeros.
struct InputReader {
    private var input: ArraySlice<UInt8>

    init(_ input: [UInt8]) { self.input = input[...] }

    /// Whether nothing is left.
    var isEmpty: Bool { input.isEmpty }

    /// One byte.
    mutating func byte() -> UInt8 { input.popFirst() ?? 0 }

    /// As many bytes as asked for, or all that are left.
    mutating func bytes(_ count: Int) -> [UInt8] {
        defer { input = input.dropFirst(count) }
        return Array(input.prefix(count))
    }

    /// As many bytes as asked for, filled up with zeros.
    mutating func padded(_ count: Int) -> [UInt8] {
        let found = bytes(count)
        return found + [UInt8](repeating: 0, count: count - found.count)
    }

    /// Bytes behind their number, of one byte.
    mutating func short() -> [UInt8] { bytes(Int(byte())) }

    /// Bytes behind their number, of two bytes.
    mutating func long() -> [UInt8] {
        let high = byte()
        return bytes(Int(high) << 8 | Int(byte()))
    }

    /// Everything that is left.
    mutating func rest() -> [UInt8] { bytes(input.count) }
}

/// One byte string with another laid over it, bit by bit; the longer one's end stays as it is.
func exclusiveOr(_ bytes: [UInt8], _ mask: [UInt8]) -> [UInt8] {
    let common = zip(bytes, mask).map { $0 ^ $1 }
    return common + bytes.dropFirst(common.count) + mask.dropFirst(common.count)
}
