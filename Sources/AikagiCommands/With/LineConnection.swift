import FoundationEssentials
import KeyControlProtocol
import NIOCore
import NIOPosix

/// A stream socket on which JSON objects go to and fro, one a line.
struct LineConnection: Sendable {
    typealias Channel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// The longest line that is read, in bytes.
    static let lineLimit = ControlRequestReader.lineLimit

    /// Reads lines, one reader at a time.
    struct Lines {
        private var input: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
        private var lines = LineAssembly(limit: LineConnection.lineLimit)

        init(_ input: NIOAsyncChannelInboundStream<ByteBuffer>) { self.input = input.makeAsyncIterator() }

        /// The next object; `nil` at the end.
        ///
        /// - Throws: `DecodingError` for a line that is none, ``CommandFailure`` for one that is too long.
        mutating func next<Value: Decodable>(_ type: Value.Type) async throws -> Value? {
            try await nextBytes().map { try JSONDecoder().decode(type, from: Data($0)) }
        }

        /// The next line as it is; `nil` at the end.
        ///
        /// - Throws: ``CommandFailure`` for one that is too long.
        mutating func nextLine() async throws -> String? {
            try await nextBytes().map { String(decoding: $0, as: UTF8.self) }
        }

        private mutating func nextBytes() async throws -> [UInt8]? {
            while true {
                switch lines.next() {
                case .bytes(let bytes)?: return bytes
                case .tooLong?: throw CommandFailure("the session's control socket got a line that is too long")
                case nil:
                    guard let bytes = try await input.next() else { return nil }
                    lines.append(bytes.readableBytesView)
                }
            }
        }
    }

    private let output: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let channel: any NIOCore.Channel

    init(_ output: NIOAsyncChannelOutboundWriter<ByteBuffer>, _ channel: any NIOCore.Channel) {
        self.output = output
        self.channel = channel
    }

    /// Sends an object.
    func send(_ value: some Encodable) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try await send(line: String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Sends a line as it is.
    func send(line: String) async throws { try await output.write(ByteBuffer(string: line + "\n")) }

    /// Closes the connection, which also ends whoever reads from it.
    func close() { channel.close(promise: nil) }

    /// Connects to a control socket and runs a conversation.
    ///
    /// - Parameter absent: What to say when nobody answers.
    static func connect<Value: Sendable>(
        to path: String, absent: String = "is `aikagi with` still running?",
        _ body: (inout Lines, LineConnection) async throws -> Value
    ) async throws -> Value {
        let channel: Channel
        do {
            channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(unixDomainSocketPath: path) { channel in
                    channel.eventLoop.makeCompletedFuture { try Channel(wrappingChannelSynchronously: channel) }
                }
        } catch {
            throw CommandFailure("nobody answers at \(path); \(absent)")
        }
        return try await channel.executeThenClose { input, output in
            var lines = Lines(input)
            return try await body(&lines, LineConnection(output, channel.channel))
        }
    }
}
