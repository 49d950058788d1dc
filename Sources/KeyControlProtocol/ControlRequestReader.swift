/// Reads the requests that arrive at a key's control socket: each line is one, or is refused, and is to be answered once.
public struct ControlRequestReader: Sendable {
    /// The longest line that is read, in bytes.
    public static let lineLimit = 1 << 20

    private var lines: LineAssembly

    /// A reader at the beginning of a connection.
    public init(lineLimit: Int = lineLimit) { lines = LineAssembly(limit: lineLimit) }

    /// Takes what has arrived.
    public mutating func append(_ piece: some Sequence<UInt8>) { lines.append(piece) }

    /// The next request, or why it is none; `nil` until more of it has arrived.
    public mutating func next() -> Result<ControlRequest, ControlRequestError>? { lines.next().map(Self.read) }

    /// The last request, when its sender has ended the stream without a line feed.
    public mutating func last() -> Result<ControlRequest, ControlRequestError>? { lines.last().map(Self.read) }

    private static func read(_ line: LineAssembly.Line) -> Result<ControlRequest, ControlRequestError> {
        switch line {
        case .tooLong: .failure(.tooLong)
        case .bytes(let bytes):
            Result { () throws(ControlRequestError) in try ControlRequest(line: bytes) }
        }
    }
}
