import NIOCore
import NIOPosix
import Testing
import TunnelService

@Suite(.timeLimit(.minutes(1))) struct AcceptedByteChannelTests {
    /// A listener with one client, which sends a byte and waits for the end of its connection.
    private func withClient(
        _ serve: (NIOAsyncChannelInboundStream<AcceptedByteChannel>) async throws -> Void
    ) async throws {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture { try AcceptedByteChannel(channel) }
            }
        let port = try #require(listener.channel.localAddress?.port)
        try await listener.executeThenClose { connections in
            let client = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(host: "127.0.0.1", port: port).get()
            try await client.writeAndFlush(ByteBuffer(string: "a"))
            try await serve(connections)
            try await client.closeFuture.get()
        }
    }

    @Test("A connection that nobody is left to serve is closed, and ends nothing else")
    func dropped() async throws {
        try await withClient { connections in
            for try await _ in connections { break }
        }
    }

    @Test("One that is served lives until it is done")
    func served() async throws {
        try await withClient { connections in
            for try await connection in connections {
                try await connection.channel.executeThenClose { input, output in
                    let received = try await input.first { _ in true }
                    #expect(received == ByteBuffer(string: "a"))
                    try await output.write(ByteBuffer(string: "b"))
                }
                break
            }
        }
    }
}
