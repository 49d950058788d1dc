/// Cuts what arrives at a stream into lines, wherever it was cut on its way.
///
/// What comes out depends on the bytes alone, not on the pieces in which they came. Of a line that is too long nothing is kept.
public struct LineAssembly: Sendable {
    /// What a line turns out to be.
    public enum Line: Hashable, Sendable {
        /// Its bytes, without the line feed.
        case bytes([UInt8])
        /// It has more bytes than are read; said as soon as that is known, once.
        case tooLong
    }

    /// The most bytes that a line may have.
    private let limit: Int
    private var received: ArraySlice<UInt8> = []
    /// How many bytes of those received are known to hold no line feed.
    private var searched = 0
    /// Whether the rest of a line that is too long is still to come.
    private var isSkipping = false

    /// An assembly at the beginning of a stream.
    public init(limit: Int) { self.limit = limit }

    /// Takes a piece of the stream.
    public mutating func append(_ piece: some Sequence<UInt8>) { received += piece }

    /// The next line; `nil` until more of it has come.
    public mutating func next() -> Line? {
        while true {
            let rest = received.dropFirst(searched)
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
                searched = received.count
                guard isSkipping || searched > limit else { return nil }
                // Nobody wants what has come of it.
                (received, searched) = ([], 0)
                defer { isSkipping = true }
                return isSkipping ? nil : .tooLong
            }
            let line = received[..<end]
            received = received[(end + 1)...]
            searched = 0
            guard !isSkipping else {
                isSkipping = false
                continue
            }
            return line.count > limit ? .tooLong : .bytes(Array(line))
        }
    }

    /// The last line, at the end of the stream: what has come of it without a line feed.
    ///
    /// - Returns: `nil` when the stream ends with a line feed, or a line that is too long.
    public mutating func last() -> Line? {
        defer { (received, searched, isSkipping) = ([], 0, false) }
        guard !isSkipping, !received.isEmpty else { return nil }
        return received.count > limit ? .tooLong : .bytes(Array(received))
    }
}
