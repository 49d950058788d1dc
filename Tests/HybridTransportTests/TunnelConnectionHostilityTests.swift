import CertificateAuthority
import Crypto
import FoundationEssentials
import HybridProtocol
import HybridTransport
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport
import Testing

/// The client against services that misbehave.
@Suite(.timeLimit(.minutes(1))) struct TunnelConnectionHostilityTests {
    /// A TLS server that answers the first request with given bytes and then closes or stays silent.
    private func withServer(
        closes: Bool = true, answer: @escaping @Sendable (_ accept: String) -> [UInt8]?,
        body: (TunnelEndpoint) async throws -> Void
    ) async throws {
        try await withListener(
            serving: { inbound, outbound in
                var request = ""
                for try await buffer in inbound {
                    request += String(buffer: buffer)
                    guard request.hasSuffix("\r\n\r\n") else { continue }
                    guard let bytes = answer(Self.accept(request)) else { continue }
                    try await outbound.write(ByteBuffer(bytes: bytes))
                    if closes { return }
                }
            }, body: body)
    }

    /// A TLS server that does with each connection whatever a test wants, and then closes it.
    private func withListener(
        serving serve:
            @escaping @Sendable (
                NIOAsyncChannelInboundStream<ByteBuffer>, NIOAsyncChannelOutboundWriter<ByteBuffer>
            ) async throws -> Void,
        body: (TunnelEndpoint) async throws -> Void
    ) async throws {
        let authority = try ThrowawayCertificateAuthority(now: .now)
        let identity = try authority.issueServerCertificate(for: ["localhost"], now: .now)
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(identity.certificatePEM.utf8))
        let key = try NIOSSLPrivateKey(bytes: Array(identity.privateKeyPEM.utf8), format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.shutdownTimeout = .milliseconds(200)
        let context = try NIOSSLContext(configuration: configuration)
        // An asynchronous channel must not be lost, and the last connection may come while the listener ends: it is made only
        // where it is used, and nothing is read before.
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            // So little that what nobody reads soon fills the client's side.
            .serverChannelOption(.socketOption(.so_rcvbuf), value: 16_384)
            .childChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0) { channel -> EventLoopFuture<any Channel> in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    return channel
                }
            }
        try await withThrowingTaskGroup(of: Void.self) { group in
            let port = try #require(listener.channel.localAddress?.port)
            group.addTask {
                try await listener.executeThenClose { connections in
                    for try await channel in connections {
                        let connection = try await channel.eventLoop.submit {
                            try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                        }.get()
                        channel.setOption(.autoRead, value: true).whenComplete { _ in channel.read() }
                        // The client closes as it likes: that is no error here.
                        try? await connection.executeThenClose { try await serve($0, $1) }
                    }
                }
            }
            try await body(
                TunnelEndpoint(
                    domainName: "localhost", connectAddress: .init(host: "127.0.0.1", port: port),
                    trustRoots: .certificates(pem: authority.certificatePEM)))
            group.cancelAll()
        }
    }

    /// The value of `Sec-WebSocket-Accept` (RFC 6455 §4.2.2).
    private static func accept(_ request: String) -> String {
        guard let header = request.firstRange(of: "Sec-WebSocket-Key: ") else { return "" }
        let key = request[header.upperBound...].prefix { $0 != "\r\n" }
        let hash = Insecure.SHA1.hash(data: Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
        return Data(hash).base64EncodedString()
    }

    private static func head(_ accept: String, _ lines: [String]) -> [UInt8] {
        let always = [
            "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Accept: \(accept)",
        ]
        return Array((always + lines + ["", ""]).joined(separator: "\r\n").utf8)
    }

    private static let good = ["Sec-WebSocket-Protocol: fido.cable", "X-caBLE-Routing-ID: 0A0b0c"]

    @Test(
        "a handshake that is not a tunnel's is refused",
        arguments: [
            ([], TunnelError.wrongSubprotocol(nil)),
            (["Sec-WebSocket-Protocol: chat"], .wrongSubprotocol("chat")),
            (["Sec-WebSocket-Protocol: fido.cable"], .missingRoutingID),
            (["Sec-WebSocket-Protocol: fido.cable", "X-caBLE-Routing-ID: 0102"], .missingRoutingID),
            (["Sec-WebSocket-Protocol: fido.cable", "X-caBLE-Routing-ID: 01020x"], .missingRoutingID),
        ])
    func handshakes(lines: [String], error: TunnelError) async throws {
        try await withServer(answer: { Self.head($0, lines) }) { endpoint in
            await #expect(throws: error) {
                try await TunnelConnection.withConnection(to: endpoint, path: .new(.test(1))) { _ in }
            }
        }
    }

    @Test(
        "an answer that is no WebSocket handshake is refused",
        arguments: ["", "garbage\r\n\r\n", "HTTP/1.1 101 Go\r\n\r\n", "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\n\r\n"])
    func nonsense(answer: String) async throws {
        try await withServer(answer: { _ in Array(answer.utf8) }) { endpoint in
            await #expect(throws: TunnelError.self) {
                try await TunnelConnection.withConnection(to: endpoint, path: .new(.test(1))) { _ in }
            }
        }
    }

    @Test("any other status is told", arguments: [200, 301, 404, 503])
    func statuses(status: Int) async throws {
        try await withServer(answer: { _ in Array("HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n".utf8) }) {
            endpoint in
            let path = TunnelPath.new(.test(1))
            await #expect(throws: TunnelError.refused(status: status, path: path.path)) {
                try await TunnelConnection.withConnection(to: endpoint, path: path) { _ in }
            }
        }
    }

    @Test("frames in the same segment as the handshake arrive, fragments put together")
    func coalesced() async throws {
        let frames: [UInt8] = [0x82, 1, 7, 0x02, 1, 8, 0x89, 0, 0x80, 1, 9, 0x88, 2, 0x03, 0xE8]
        try await withServer(closes: false, answer: { Self.head($0, Self.good) + frames }) { endpoint in
            try await TunnelConnection.withConnection(to: endpoint, path: .new(.test(1))) { tunnel in
                #expect(tunnel.routingID?.bytes == [10, 11, 12])
                var received: [[UInt8]] = []
                for try await message in tunnel.inbound { received.append(message) }
                #expect(received == [[7], [8, 9]])
            }
        }
    }

    @Test(
        "frames that break the rules, a close with a code and a broken line end the messages with an error",
        arguments: [
            ([0x81, 1, 0x61], TunnelError.protocolViolation(reason: "a tunnel carries binary messages, not text")),
            ([0x82, 0], .protocolViolation(reason: "a message must not be empty")),
            ([0x80, 1, 1], .protocolViolation(reason: "a fragment is out of order")),
            ([0x83, 1, 1], .protocolViolation(reason: "opcode 3 is not defined")),
            ([0x82, 0x81, 0, 0, 0, 0, 1], .protocolViolation(reason: "a frame breaks RFC 6455")),
            ([0xC2, 1, 1], .protocolViolation(reason: "a frame breaks RFC 6455")),
            ([0x09, 1, 1], .protocolViolation(reason: "a frame breaks RFC 6455")),
            (
                [0x82, 127, 0, 0, 0, 0, 0, 0x10, 0, 1],
                .protocolViolation(reason: "a message is longer than 1048576 bytes")
            ),
            (
                [0x82, 127, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
                .protocolViolation(reason: "a message is longer than 1048576 bytes")
            ),
            ([0x88, 4, 0x03, 0xF0, 0x61, 0x62], .closed(code: 1008, reason: "ab")),
            ([0x88, 0], .closed(code: 1005, reason: "")),
            // ESC [ 2 J, a line feed, and U+202E, which would turn the direction of what follows.
            (
                [0x88, 13, 0x03, 0xF0, 0x61, 0x1B, 0x5B, 0x32, 0x4A, 0x0A, 0x62, 0xE2, 0x80, 0xAE, 0x63],
                .closed(code: 1008, reason: "a[2Jbc")
            ),
            ([0x82, 5, 1], .connectionLost),
            ([], .connectionLost),
        ] as [([UInt8], TunnelError)])
    func violations(bytes: [UInt8], error: TunnelError) async throws {
        let closes = error == .connectionLost
        try await withServer(closes: closes, answer: { Self.head($0, Self.good) + bytes }) { endpoint in
            await #expect(throws: error) {
                try await TunnelConnection.withConnection(to: endpoint, path: .new(.test(1))) { tunnel in
                    for try await _ in tunnel.inbound {}
                }
            }
        }
    }

    @Test("pings that nobody reads the answers of are not all answered, only the latest is, and messages go on")
    func pings() async throws {
        let count = 40_000
        let isRead = SharedFlag()
        let pongs = Mutex<[UInt8: Int]>([:])
        try await withListener(serving: { inbound, outbound in
            let peer = RawConnection(inbound: inbound.makeAsyncIterator(), outbound: outbound)
            let request = try await peer.head()
            var bytes = Self.head(Self.accept(request), Self.good)
            let ping: [UInt8] = [0x89, 125, 1] + [UInt8](repeating: 0, count: 124)
            for _ in 0..<count / 100 {
                for _ in 0..<100 { bytes += ping }
                try await peer.send(bytes)
                bytes = []
            }
            // The last ping differs, and after it the message says that all have been received.
            try await peer.send([0x89, 1, 2, 0x82, 1, 7])
            await isRead.wait()
            while let frame = try await peer.maskedFrame() {
                if frame.opcode == 10 { pongs.withLock { $0[frame.payload[0], default: 0] += 1 } }
                if frame.opcode == 2 { try await peer.send([0x82, 1, 8]) }
                if frame.opcode == 10, frame.payload == [2] { try await peer.send([0x82, 1, 9]) }
            }
        }) { endpoint in
            try await TunnelConnection.withConnection(to: endpoint, path: .new(.test(1))) { tunnel in
                var inbound = tunnel.inbound.makeAsyncIterator()
                #expect(try await inbound.next() == [7])
                isRead.set()
                // Waits until the answers before it can be sent.
                try await tunnel.send([1])
                let answers = [try await inbound.next(), try await inbound.next()]
                #expect(answers.contains([8]) && answers.contains([9]))
            }
        }
        let answered = pongs.withLock(\.self)
        #expect(answered[2] == 1)
        #expect((1..<count).contains(answered[1] ?? 0))
    }

    @Test("a service that does not answer is given up after the limit, and at once when the task is cancelled")
    func silence() async throws {
        try await withServer(closes: false, answer: { _ in nil }) { endpoint in
            let clock = ManualClock()
            let opening = Task {
                try await TunnelConnection.withConnection(to: endpoint, path: .new(.test(1)), clock: clock) { _ in }
            }
            await clock.sleepers()
            clock.advance(by: .seconds(30))
            await #expect(throws: TunnelError.timedOut(address: endpoint.address.description, seconds: 30)) {
                try await opening.value
            }
            let cancelled = Task {
                try await TunnelConnection.withConnection(to: endpoint, path: .new(.test(1)), clock: clock) { _ in }
            }
            await clock.sleepers()
            cancelled.cancel()
            await #expect(throws: CancellationError.self) { try await cancelled.value }
        }
    }
}
