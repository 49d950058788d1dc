import HybridProtocol
import HybridTransport
import Logging
import TestSupport
import Testing
import TunnelService

@Suite(.timeLimit(.minutes(1))) struct TunnelServerTests {
    private static let newPath = TunnelPath.new(.test(0xAB)).path
    private static let connectPath = "/cable/connect/000000/" + TunnelID.test(0xCD).hexadecimal

    private static func without(_ name: String, adding line: String? = nil) -> [String] {
        RawConnection.upgradeHeaders.filter { !$0.hasPrefix(name + ":") } + (line.map { [$0] } ?? [])
    }

    @Test(
        "a request that is no tunnel request is refused with a status and a line of text",
        arguments: [
            ("GET / HTTP/1.1", RawConnection.upgradeHeaders, 404),
            ("GET /cable/new/12 HTTP/1.1", RawConnection.upgradeHeaders, 404),
            ("GET \(newPath)/ HTTP/1.1", RawConnection.upgradeHeaders, 404),
            ("GET \(newPath)?a=b HTTP/1.1", RawConnection.upgradeHeaders, 404),
            ("GET \(connectPath) HTTP/1.1", RawConnection.upgradeHeaders, 404),
            ("GET /cable/contact/AAAA HTTP/1.1", RawConnection.upgradeHeaders, 410),
            ("POST \(newPath) HTTP/1.1", RawConnection.upgradeHeaders, 405),
            ("POST \(newPath) HTTP/1.1", ["Host: x", "Content-Length: 0"], 405),
            ("HEAD \(newPath) HTTP/1.1", ["Host: x"], 405),
            ("GET \(newPath) HTTP/1.1", ["Host: x"], 400),
            ("GET / HTTP/1.1", ["Host: x"], 404),
            ("GET \(newPath) HTTP/1.1", without("Upgrade"), 400),
            ("GET \(newPath) HTTP/1.1", without("Upgrade", adding: "Upgrade: h2c"), 400),
            ("GET \(newPath) HTTP/1.1", without("Connection", adding: "Connection: close"), 400),
            ("GET \(newPath) HTTP/1.1", without("Sec-WebSocket-Version", adding: "Sec-WebSocket-Version: 8"), 400),
            ("GET \(newPath) HTTP/1.1", without("Sec-WebSocket-Key"), 400),
            ("GET \(newPath) HTTP/1.1", without("Sec-WebSocket-Protocol"), 400),
            ("GET \(newPath) HTTP/1.1", without("Sec-WebSocket-Protocol", adding: "Sec-WebSocket-Protocol: chat"), 400),
            ("NONSENSE", ["Host: x"], 400),
            ("GET \(newPath) HTTP/9.9", ["Host: x"], 400),
            ("GET \(newPath) HTTP/1.1", ["no header"], 400),
        ] as [(String, [String], Int)])
    func refusals(line: String, headers: [String], status: Int) async throws {
        try await TunnelServerHarness.run { harness in
            try await harness.withRawConnection { peer in
                if line.hasPrefix("HEAD") {
                    // A response to HEAD has no body to read.
                    return try await peer.send(Array("\(line)\r\nHost: x\r\n\r\n".utf8))
                }
                let response = try await peer.request(line, headers: headers)
                #expect(response.status == status)
                #expect(response.headers["connection"] == "close")
                #expect(response.headers["allow"] == (status == 405 ? "GET" : nil))
                #expect(response.body.hasSuffix("\n") && response.body.count > 10)
                #expect(response.body.filter { $0 == "\n" }.count == 1)
                await peer.end()
            }
        }
    }

    @Test("the upgrade confirms key and subprotocol, in either case of the digits, and gives a routing identifier")
    func upgrade() async throws {
        try await TunnelServerHarness.run { harness in
            try await harness.withRawConnection { phone in
                let response = try await phone.request("GET \(Self.newPath.uppercasedDigits) HTTP/1.1")
                #expect(response.status == 101)
                // RFC 6455 §1.3 gives this answer to this key.
                #expect(response.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
                #expect(response.headers["sec-websocket-protocol"] == "fido.cable")
                let routingID = try #require(RoutingID(hexadecimal: response.headers["x-cable-routing-id"] ?? ""))
                try await harness.withRawConnection { client in
                    let joined = try await client.open(.connect(routingID, .test(0xAB)))
                    #expect(joined.status == 101)
                    #expect(joined.headers["sec-websocket-protocol"] == "fido.cable")
                    #expect(joined.headers["x-cable-routing-id"] == nil)
                }
            }
        }
    }

    @Test("a second new is 409, a wrong routing identifier, a second connect and one after the phone left are 404")
    func statuses() async throws {
        try await TunnelServerHarness.run { harness in
            let routingID = try await harness.withRawConnection { phone in
                let opened = try await phone.open(.new(.test(1)))
                let routingID = try #require(RoutingID(hexadecimal: opened.headers["x-cable-routing-id"] ?? ""))
                let duplicate = try await harness.withRawConnection { try await $0.open(.new(.test(1))).status }
                #expect(duplicate == 409)
                let lost = try await harness.withRawConnection { try await $0.open(.connect(.zero, .test(1))).status }
                #expect(lost == 404)
                try await harness.withRawConnection { client in
                    #expect(try await client.open(.connect(routingID, .test(1))).status == 101)
                    let second = try await harness.withRawConnection {
                        try await $0.open(.connect(routingID, .test(1))).status
                    }
                    #expect(second == 404)
                }
                #expect(try await phone.frame()?.opcode == 8)
                return routingID
            }
            let late = try await harness.withRawConnection { try await $0.open(.connect(routingID, .test(1))).status }
            #expect(late == 404)
        }
    }

    @Test("when a tunnel must wait and there is no room, the answer is 503")
    func full() async throws {
        try await TunnelServerHarness.run({ $0.maximumWaitingTunnels = 1 }) { harness in
            try await harness.withRawConnection { phone in
                #expect(try await phone.open(.new(.test(1))).status == 101)
                let status = try await harness.withRawConnection { try await $0.open(.new(.test(2))).status }
                #expect(status == 503)
            }
        }
    }

    @Test("bytes that are no HTTP get a 400 and end one connection only")
    func garbage() async throws {
        try await TunnelServerHarness.run { harness in
            var generator = SeededGenerator(seed: 9)
            for _ in 0..<8 {
                try await harness.withRawConnection { peer in
                    try await peer.send(generator.bytes(300).map { $0 | 0x80 })
                    #expect(try await peer.response().status == 400)
                    await peer.end()
                }
            }
            try await harness.withRawConnection { peer in
                // A head that is longer than any client's.
                let response = try await peer.request(
                    "GET \(Self.newPath) HTTP/1.1", headers: ["X: " + String(repeating: "a", count: 20_000)])
                #expect(response.status == 400)
            }
            let status = try await harness.withRawConnection { try await $0.open(.new(.test(1))).status }
            #expect(status == 101)
        }
    }

    @Test("an upgrade with a body is refused, and what follows it harms nobody")
    func unusual() async throws {
        try await TunnelServerHarness.run { harness in
            for headers in [["Content-Length: 3", "", "abc"], ["Transfer-Encoding: chunked", "", "3", "abc", "0"]] {
                try await harness.withRawConnection { peer in
                    let head = ["GET \(Self.newPath) HTTP/1.1"] + RawConnection.upgradeHeaders + headers + ["", ""]
                    try await peer.send(Array(head.joined(separator: "\r\n").utf8))
                    try await peer.send([0x81, 0x80])
                    #expect(try await peer.response().status == 400)
                    await peer.end()
                }
            }
            let status = try await harness.withRawConnection { try await $0.open(.new(.test(2))).status }
            #expect(status == 101)
        }
    }

    @Test("plain text is served at a loopback address and refused elsewhere")
    func plainText() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = TunnelServer(configuration: .init(host: "0.0.0.0", tls: nil), logger: logger)
        await #expect(throws: TunnelServerError.plainTextBeyondLoopback(host: "0.0.0.0")) { try await server.run() }
        await #expect(throws: TunnelServerError.plainTextBeyondLoopback(host: "0.0.0.0")) {
            try await server.boundPort()
        }
    }

    /// Runs a server that cannot start, and expects that who waits for its port, before and after, is told why.
    private func expectNoStart(
        _ configuration: TunnelServerConfiguration, _ isExpected: @escaping @Sendable (TunnelServerError) -> Bool
    ) async {
        let server = TunnelServer(
            configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let waiting = Task { try await server.boundPort() }
        await #expect(
            performing: { try await server.run() }, throws: { ($0 as? TunnelServerError).map(isExpected) ?? false })
        await #expect(
            performing: { try await waiting.value }, throws: { ($0 as? TunnelServerError).map(isExpected) ?? false })
        await #expect(
            performing: { try await server.boundPort() },
            throws: { ($0 as? TunnelServerError).map(isExpected) ?? false })
    }

    @Test("a port that is taken is told by the server and to who waits for its port")
    func portIsTaken() async throws {
        try await TunnelServerHarness.run { harness in
            await expectNoStart(.init(port: harness.port, tls: nil)) {
                if case .cannotListen("127.0.0.1", harness.port, _) = $0 { true } else { false }
            }
        }
    }

    @Test("an identity that is none is told by the server and to who waits for its port")
    func identity() async throws {
        await expectNoStart(.init(tls: .init(certificateChainPEM: "x", privateKeyPEM: "y"))) {
            if case .identity = $0 { true } else { false }
        }
    }

    @Test("a server that has ended has no port, and who is cancelled does not wait for it")
    func noPort() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = TunnelServer(configuration: .init(tls: nil), logger: logger)
        let waiting = Task { try await server.boundPort() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        let running = Task { try await server.run() }
        #expect(try await server.boundPort() > 0)
        running.cancel()
        try await running.value
        await #expect(throws: TunnelServerError.notListening) { try await server.boundPort() }
    }

    @Test("connections beyond the limit are closed at once, and there is room again when one has ended")
    func connectionLimit() async throws {
        // No time limit ever ends a connection here.
        let clock = ManualClock()
        try await TunnelServerHarness.run({
            $0.clock = clock
            $0.maximumConnections = 1
        }) { harness in
            try await harness.withRawConnection { phone in
                #expect(try await phone.open(.new(.test(1))).status == 101)
                for _ in 0..<8 {
                    try await harness.withPlainConnection { refused in
                        let frame = try await refused.frame()
                        #expect(frame == nil)
                    }
                }
                // The one that was there first is none the worse for it.
                try await phone.send(9, [1])
                #expect(try await phone.frame()?.opcode == 10)
            }
            // The server notices the end of the first connection in its own time; until then every other one is closed.
            var status = 0
            while status == 0 {
                do {
                    status = try await harness.withRawConnection { try await $0.open(.new(.test(2))).status }
                } catch {
                    continue
                }
            }
            #expect(status == 101)
        }
    }
}

extension String {
    /// The path with upper-case digits, as Chromium sends it.
    fileprivate var uppercasedDigits: String {
        guard let slash = lastIndex(of: "/") else { return self }
        return self[...slash] + self[index(after: slash)...].uppercased()
    }
}
