import NIOCore
import NIOPosix
import Testing
import TunnelService

@Suite(.timeLimit(.minutes(1))) struct AcceptedByteChannelTests {
    @Test("A connection that nobody is left to serve is closed, and ends nothing else")
    func dropped() async throws {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture { try AcceptedByteChannel(channel) }
            }
        let port = try #require(listener.channel.localAddress?.port)
        try await listener.executeThenClose { connections in
            let client = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(host: "127.0.0.1", port: port).get()
            for try await _ in connections { break }
            try await client.closeFuture.get()
        }
    }

    @Test("One that is served lives until it is done")
    func served() async throws {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture { try AcceptedByteChannel(channel) }
            }
        let port = try #require(listener.channel.localAddress?.port)
        try await listener.executeThenClose { connections in
            let client = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(host: "127.0.0.1", port: port).get()
            try await client.writeAndFlush(ByteBuffer(string: "a"))
            for try await connection in connections {
                try await connection.channel.executeThenClose { input, output in
                    let received = try await input.first { _ in true }
                    #expect(received == ByteBuffer(string: "a"))
                    try await output.write(ByteBuffer(string: "b"))
                }
                break
            }
            try await client.closeFuture.get()
        }
    }
}
