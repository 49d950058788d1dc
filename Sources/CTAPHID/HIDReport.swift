/// One HID report of the FIDO interface: always exactly 64 bytes, without the report number that hidraw prepends.
///
/// CTAP 2.3 §11.2.8.1: both interrupt endpoints carry 64-byte reports.
public struct HIDReport: Sendable {
    /// The size of every report, in bytes.
    public static let byteCount = 64

    // In the value itself, so that the reports of a message are one piece of memory.
    private var storage = InlineArray<64, UInt8>(repeating: 0)

    /// A report of exactly 64 bytes.
    ///
    /// - Returns: `nil` for any other number of bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == HIDReport.byteCount else { return nil }
        copy(Array(bytes)[...], to: 0)
    }

    /// The 64 bytes.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(HIDReport.byteCount)
        append(to: &bytes)
        return bytes
    }

    /// The byte at a position below 64.
    subscript(position: Int) -> UInt8 { storage[position] }

    /// Appends the 64 bytes to others.
    public func append(to bytes: inout [UInt8]) {
        unsafe storage.span.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }

    /// The channel in its first four bytes.
    public var channel: ChannelID {
        ChannelID(
            rawValue: UInt32(storage[0]) << 24 | UInt32(storage[1]) << 16 | UInt32(storage[2]) << 8
                | UInt32(storage[3]))
    }

    /// Whether a message begins and ends in it, as far as its header tells.
    public var holdsWholeMessage: Bool {
        storage[4] & 0x80 != 0 && storage[5] == 0 && storage[6] <= CTAPHIDPacket.initializationDataCount
    }

    /// A report that begins with the given bytes; what is missing to 64 is zero, what is more is left out.
    init(padding bytes: [UInt8], _ more: ArraySlice<UInt8> = []) {
        copy(bytes[...], to: 0)
        copy(more, to: bytes.count)
    }

    /// Copies as many bytes as there is room for.
    private mutating func copy(_ bytes: ArraySlice<UInt8>, to position: Int) {
        var span = storage.mutableSpan
        unsafe span.withUnsafeMutableBytes { storage in
            unsafe bytes.withUnsafeBytes { bytes in
                let room = unsafe UnsafeMutableRawBufferPointer(rebasing: storage.dropFirst(position))
                unsafe room.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(room.count)))
            }
        }
    }
}

extension HIDReport: Hashable {
    /// Whether all bytes are the same.
    public static func == (left: HIDReport, right: HIDReport) -> Bool {
        left.storage.indices.allSatisfy { left.storage[$0] == right.storage[$0] }
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        unsafe storage.span.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }
}

extension HIDReport: CustomStringConvertible {
    /// The bytes.
    public var description: String { "HIDReport(bytes: \(bytes))" }
}
