/// Reads the structures of a TPM: big-endian numbers, and buffers behind their length (TPM 2.0 Part 2).
struct TPMReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    /// Whether everything has been read.
    var isAtEnd: Bool { rest.isEmpty }

    /// So many bytes, or `nil` when there are fewer.
    mutating func bytes(_ count: Int) -> [UInt8]? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    mutating func uint16() -> UInt16? {
        bytes(2)?.reduce(0) { $0 << 8 | UInt16($1) }
    }

    mutating func uint32() -> UInt32? {
        bytes(4)?.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// A TPM2B structure: a length of two bytes and so many bytes.
    mutating func buffer() -> [UInt8]? {
        guard let count = uint16() else { return nil }
        return bytes(Int(count))
    }
}
