import HybridProtocol
import NIOCore
import TestSupport

/// HTTP and WebSocket by hand: an independent, and if need be misbehaving, peer of the tunnel service.
final class RawConnection {
    struct Response: Sendable {
        var status: Int
        var headers: [String: String]
        var body: String
    }

    struct Frame: Equatable, Sendable {
        var opcode: UInt8
        var isFinal = true
        var payload: [UInt8]

        static func close(_ code: UInt16, _ reason: String) -> Frame {
            Frame(opcode: 8, payload: [UInt8(code >> 8), UInt8(code & 0xFF)] + Array(reason.utf8))
        }
    }

    struct EndOfStream: Error {}

    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var received: [UInt8] = []

    init(
        inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.inbound = inbound
        self.outbound = outbound
    }

    static let upgradeHeaders = [
        "Host: cable.example.test", "Upgrade: websocket", "Connection: keep-alive, Upgrade",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol: fido.cable",
    ]

    func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    func request(_ line: String, headers: [String] = upgradeHeaders) async throws -> Response {
        try await send(Array(([line] + headers + ["", ""]).joined(separator: "\r\n").utf8))
        return try await response()
    }

    /// The head of a request or a response, with its empty line.
    func head() async throws -> String {
        let end = Array("\r\n\r\n".utf8)
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual(end) { head += try await take(1) }
        return String(decoding: head, as: UTF8.self)
    }

    func response() async throws -> Response {
        let lines = String(try await head().dropLast(2)).components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        let body = try await take(Int(headers["content-length"] ?? "0") ?? 0)
        return Response(
            status: Int(lines[0].split(separator: " ")[1]) ?? 0, headers: headers,
            body: String(decoding: body, as: UTF8.self))
    }

    /// Opens a tunnel or joins one.
    func open(_ path: TunnelPath) async throws -> Response { try await request("GET \(path.path) HTTP/1.1") }

    /// Sends a frame, masked as a client's unless told otherwise.
    func send(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true, isMasked: Bool = true, reserved: UInt8 = 0)
        async throws
    {
        var bytes: [UInt8] = [opcode | (isFinal ? 0x80 : 0) | reserved]
        let mask: UInt8 = isMasked ? 0x80 : 0
        switch payload.count {
        case ..<126: bytes.append(mask | UInt8(payload.count))
        case ..<65536: bytes += [mask | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default: bytes += [mask | 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        let key: [UInt8] = [0x12, 0x34, 0x56, 0x78]
        if isMasked { bytes += key + payload.enumerated().map { $1 ^ key[$0 & 3] } } else { bytes += payload }
        try await send(bytes)
    }

    /// The next frame; `nil` at the end of the stream.
    func frame() async throws -> Frame? {
        let head: [UInt8]
        do { head = try await take(2) } catch is EndOfStream { return nil }
        var count = Int(head[1])
        guard count < 128 else { throw EndOfStream() }
        if count == 126 { count = try await take(2).reduce(0) { $0 << 8 | Int($1) } }
        if count == 127 { count = try await take(8).reduce(0) { $0 << 8 | Int($1) } }
        return Frame(opcode: head[0] & 0x0F, isFinal: head[0] & 0x80 != 0, payload: try await take(count))
    }

    /// The next frame of a client, without its mask; `nil` at the end of the stream.
    func maskedFrame() async throws -> Frame? {
        let head: [UInt8]
        do { head = try await take(2) } catch is EndOfStream { return nil }
        guard (128..<254).contains(head[1]) else { throw EndOfStream() }
        let key = try await take(4)
        let payload = try await take(Int(head[1]) - 128).enumerated().map { $1 ^ key[$0 & 3] }
        return Frame(opcode: head[0] & 0x0F, isFinal: head[0] & 0x80 != 0, payload: payload)
    }

    /// Reads on until the peer has closed, cleanly or not.
    func end() async {
        while await (try? take(1)) != nil {}
    }

    private func take(_ count: Int) async throws -> [UInt8] {
        while received.count < count {
            guard let buffer = try await inbound.next() else { throw EndOfStream() }
            received += Array(buffer.readableBytesView)
        }
        defer { received.removeFirst(count) }
        return Array(received.prefix(count))
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return parts + [rest]
    }
}
