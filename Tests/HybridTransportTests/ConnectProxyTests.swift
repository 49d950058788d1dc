import Logging
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import TunnelService

/// A proxy, and a server of a test's own behind it under one domain.
private struct ProxyHarness: Sendable {
    static let domain = "cable.example.test"
    static let established = "HTTP/1.1 200 Connection established\r\n\r\n"

    let proxy: ConnectProxy
    let port: Int
    /// The connections that arrive behind the proxy.
    let arrivals: AsyncStream<ByteChannel>

    static func run(
        _ adjust: (inout ConnectProxyConfiguration) -> Void = { _ in },
        body: (ProxyHarness) async throws -> Void
    ) async throws {
        let (arrivals, arrival) = AsyncStream<ByteChannel>.makeStream()
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    _ = arrival.yield(
                        try ByteChannel(wrappingChannelSynchronously: channel, configuration: .halfClosing))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        var configuration = ConnectProxyConfiguration(
            destinations: [
                domain: .place(port: server.localAddress?.port ?? 0), "closed.example.test": .place(port: 1),
            ])
        adjust(&configuration)
        let proxy = ConnectProxy(
            configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await proxy.run() }
            let harness = ProxyHarness(proxy: proxy, port: try await proxy.boundPort(), arrivals: arrivals)
            try await body(harness)
            group.cancelAll()
            try await group.waitForAll()
        }
        try await server.close()
    }

    /// A client's connection to the proxy.
    func withClient<Result: Sendable>(
        _ body: (
            inout NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator, NIOAsyncChannelOutboundWriter<ByteBuffer>
        )
            async throws -> Result
    ) async throws -> Result {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try ByteChannel(wrappingChannelSynchronously: channel, configuration: .halfClosing)
                }
            }
        return try await channel.executeThenClose { input, output in
            var input = input.makeAsyncIterator()
            return try await body(&input, output)
        }
    }

    /// Everything that the proxy answers to some bytes.
    func answer(to request: String) async throws -> String {
        try await withClient { input, output in
            try await output.write(ByteBuffer(string: request))
            return try await text(&input)
        }
    }
}

/// What comes until the end.
private func text(_ input: inout NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator) async throws -> String {
    var text = ""
    while let bytes = try await input.next() { text += String(buffer: bytes) }
    return text
}

/// What comes until there is so much of it.
private func text(
    _ input: inout NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator, count: Int
) async throws -> String {
    var text = ""
    while text.utf8.count < count, let bytes = try await input.next() { text += String(buffer: bytes) }
    return text
}

@Suite(.timeLimit(.minutes(1)))
struct ConnectProxyTests {
    private static let refusals: [(request: String, status: String)] = [
        ("CONNECT www.example.com:443 HTTP/1.1\r\n\r\n", "403"),
        ("CONNECT cable.example.test:80 HTTP/1.1\r\n\r\n", "403"),
        ("CONNECT cable.example.test.:443 HTTP/1.1\r\n\r\n", "403"),
        ("CONNECT [::1]:443 HTTP/1.1\r\n\r\n", "403"),
        ("CONNECT 127.0.0.1:443 HTTP/1.1\r\n\r\n", "403"),
        ("CONNECT closed.example.test:443 HTTP/1.1\r\n\r\n", "502"),
        ("CONNECT cable.example.test HTTP/1.1\r\n\r\n", "400"),
        ("CONNECT cable.example.test: HTTP/1.1\r\n\r\n", "400"),
        ("CONNECT :443 HTTP/1.1\r\n\r\n", "400"),
        ("CONNECT cable.example.test:65979 HTTP/1.1\r\n\r\n", "400"),
        ("CONNECT cable.example.test:-443 HTTP/1.1\r\n\r\n", "400"),
        ("CONNECT cable.example.test:+443 HTTP/1.1\r\n\r\n", "400"),
        ("CONNECT cable.example.test:443 HTTP/2\r\n\r\n", "400"),
        ("CONNECT cable.example.test:443\r\n\r\n", "400"),
        ("CONNECT  cable.example.test:443 HTTP/1.1\r\n\r\n", "400"),
        ("CONNECT cable\u{0}.example.test:443 HTTP/1.1\r\n\r\n", "400"),
        ("GET http://cable.example.test/ HTTP/1.1\r\n\r\n", "405"),
        ("\r\n\r\n", "400"),
        ("\u{16}\u{3}\u{1}\r\n\r\n", "400"),
    ]

    @Test("what it is not for is refused with one line", arguments: refusals.indices)
    func refusal(index: Int) async throws {
        let (request, status) = Self.refusals[index]
        try await ProxyHarness.run { harness in
            let answer = try await harness.answer(to: request)
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
            #expect(answer.hasSuffix("\n") && answer.contains("\r\n\r\n"))
        }
    }

    @Test("the bytes after the request pass both ways, whatever case the name is in")
    func relay() async throws {
        try await ProxyHarness.run { harness in
            try await harness.withClient { input, output in
                // In two pieces, the second of which has the beginning of what is to pass.
                try await output.write(ByteBuffer(string: "CONNECT CABLE.example.test:443 HTTP/1.1\r\nHost: x\r\n"))
                try await output.write(ByteBuffer(string: "Proxy-Connection: keep-alive\r\n\r\nhello"))
                var arrivals = harness.arrivals.makeAsyncIterator()
                let server = try #require(await arrivals.next())
                try await server.executeThenClose { serverInput, serverOutput in
                    var serverInput = serverInput.makeAsyncIterator()
                    let established = ProxyHarness.established
                    #expect(try await text(&input, count: established.utf8.count) == established)
                    #expect(try await text(&serverInput, count: 5) == "hello")
                    try await serverOutput.write(ByteBuffer(string: "good day"))
                    #expect(try await text(&input, count: 8) == "good day")
                    // The client has said its last word and hears the answer still.
                    output.finish()
                    #expect(try await text(&serverInput) == "")
                    let answer = String(repeating: "long answer ", count: 100_000)
                    try await serverOutput.write(ByteBuffer(string: answer))
                    serverOutput.finish()
                    #expect(try await text(&input) == answer)
                }
            }
        }
    }

    @Test("a destination may refuse, or be silent for as long as the client likes")
    func unhelpfulDestinations() async throws {
        try await ProxyHarness.run {
            $0.destinations["refuses.example.test"] = .refusal
            $0.destinations["silent.example.test"] = .silence
            $0.others = .direct
        } body: { harness in
            let answer = try await harness.answer(to: "CONNECT refuses.example.test:443 HTTP/1.1\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 403 "))
            try await harness.withClient { input, output in
                try await output.write(ByteBuffer(string: "CONNECT SILENT.example.test:443 HTTP/1.1\r\n\r\nhello"))
                let established = ProxyHarness.established
                #expect(try await text(&input, count: established.utf8.count) == established)
                try await output.write(ByteBuffer(string: "anybody?"))
                output.finish()
                #expect(try await text(&input) == "")
            }
        }
    }

    @Test("other hosts are reached as without a proxy, if that is wanted")
    func direct() async throws {
        try await ProxyHarness.run {
            $0.others = .direct
        } body: { harness in
            guard case .place(_, let port)? = harness.proxy.configuration.destinations[ProxyHarness.domain] else {
                return
            }
            try await harness.withClient { input, output in
                try await output.write(ByteBuffer(string: "CONNECT 127.0.0.1:\(port) HTTP/1.1\r\n\r\nhello"))
                var arrivals = harness.arrivals.makeAsyncIterator()
                let server = try #require(await arrivals.next())
                try await server.executeThenClose { serverInput, serverOutput in
                    var serverInput = serverInput.makeAsyncIterator()
                    let heard = try await text(&serverInput, count: 5)
                    #expect(heard == "hello")
                    serverOutput.finish()
                    #expect(try await text(&input) == ProxyHarness.established)
                    output.finish()
                }
            }
            let answer = try await harness.answer(to: "CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 502 "))
        }
    }

    @Test("another proxy is asked for other hosts, and its answer is the client's", arguments: [nil, "user:pass"])
    func chain(credentials: String?) async throws {
        try await ProxyHarness.run { configuration in
            guard case .place(_, let port)? = configuration.destinations[ProxyHarness.domain] else { return }
            configuration.others = .proxy(host: "127.0.0.1", port: port, credentials: credentials)
        } body: { harness in
            try await harness.withClient { input, output in
                try await output.write(
                    ByteBuffer(string: "CONNECT a.example:8443 HTTP/1.1\r\nProxy-Authorization: x\r\n\r\nhello"))
                var arrivals = harness.arrivals.makeAsyncIterator()
                let server = try #require(await arrivals.next())
                try await server.executeThenClose { serverInput, serverOutput in
                    var serverInput = serverInput.makeAsyncIterator()
                    let authorization = credentials == nil ? "" : "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"
                    let question =
                        "CONNECT a.example:8443 HTTP/1.1\r\nHost: a.example:8443\r\n\(authorization)\r\nhello"
                    #expect(try await text(&serverInput, count: question.utf8.count) == question)
                    try await serverOutput.write(ByteBuffer(string: "HTTP/1.1 407 No\r\n\r\n"))
                    serverOutput.finish()
                    #expect(try await text(&input) == "HTTP/1.1 407 No\r\n\r\n")
                    output.finish()
                }
            }
        }
    }

    @Test("the server may end first")
    func serverEndsFirst() async throws {
        try await ProxyHarness.run { harness in
            try await harness.withClient { input, output in
                try await output.write(ByteBuffer(string: "CONNECT cable.example.test:443 HTTP/1.1\r\n\r\n"))
                var arrivals = harness.arrivals.makeAsyncIterator()
                let server = try #require(await arrivals.next())
                try await server.executeThenClose { serverInput, serverOutput in
                    var serverInput = serverInput.makeAsyncIterator()
                    try await serverOutput.write(ByteBuffer(string: "bye"))
                    serverOutput.finish()
                    #expect(try await text(&input) == ProxyHarness.established + "bye")
                    try await output.write(ByteBuffer(string: "one more thing"))
                    output.finish()
                    #expect(try await text(&serverInput) == "one more thing")
                }
            }
        }
    }

    @Test("once the server has ended, a client that stays is closed after a while")
    func lingering() async throws {
        let clock = ManualClock()
        try await ProxyHarness.run {
            $0.clock = clock
        } body: { harness in
            try await harness.withClient { input, output in
                try await output.write(ByteBuffer(string: "CONNECT cable.example.test:443 HTTP/1.1\r\n\r\n"))
                var arrivals = harness.arrivals.makeAsyncIterator()
                let server = try #require(await arrivals.next())
                try await server.executeThenClose { serverInput, serverOutput in
                    var serverInput = serverInput.makeAsyncIterator()
                    serverOutput.finish()
                    let answer = try await text(&input)
                    #expect(answer == ProxyHarness.established)
                    await clock.sleepers(1)
                    clock.advance(by: harness.proxy.configuration.closeLimit)
                    #expect(try await text(&serverInput) == "")
                }
            }
        }
    }

    @Test("a client that does not ask is closed after a while")
    func silence() async throws {
        let clock = ManualClock()
        try await ProxyHarness.run {
            $0.clock = clock
        } body: { harness in
            try await harness.withClient { input, output in
                try await output.write(ByteBuffer(string: "CONNECT cable.exam"))
                await clock.sleepers(1)
                clock.advance(by: harness.proxy.configuration.requestLimit)
                #expect(try await text(&input).hasPrefix("HTTP/1.1 408 "))
            }
        }
    }

    @Test("a request that does not end is refused")
    func endlessRequest() async throws {
        try await ProxyHarness.run { harness in
            let field = "X: " + String(repeating: "y", count: 1000) + "\r\n"
            let request = "CONNECT cable.example.test:443 HTTP/1.1\r\n" + String(repeating: field, count: 20)
            for request in [request, request + "\r\n"] {
                let answer = try await harness.answer(to: request)
                #expect(answer.hasPrefix("HTTP/1.1 431 "))
            }
        }
    }

    @Test("it serves this machine only, and says so when it does not run")
    func notListening() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let proxy = ConnectProxy(configuration: .init(destinations: [:], host: "0.0.0.0"), logger: logger)
        await #expect(throws: ConnectProxyError.beyondLoopback(host: "0.0.0.0")) { try await proxy.run() }
        await #expect(throws: ConnectProxyError.notListening) { try await proxy.boundPort() }
    }

    @Test("more connections than are allowed are closed at once")
    func crowd() async throws {
        try await ProxyHarness.run {
            $0.maximumConnections = 1
        } body: { harness in
            try await harness.withClient { _, output in
                try await output.write(ByteBuffer(string: "CONNECT cable.example.test:443 HTTP/1.1\r\n\r\n"))
                var arrivals = harness.arrivals.makeAsyncIterator()
                let server = try #require(await arrivals.next())
                try await server.executeThenClose { _, _ in
                    // Closed, or reset when the request was not read before.
                    let answer = try? await harness.answer(to: "CONNECT x:443 HTTP/1.1\r\n\r\n")
                    #expect(answer == nil || answer == "")
                }
            }
        }
    }
}
