import Logging
import NIOCore

/// A connection of bytes; its end in one direction leaves the other open.
typealias ByteChannel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

extension NIOAsyncChannel.Configuration where Inbound == ByteBuffer, Outbound == ByteBuffer {
    /// The end of what is written closes that direction only.
    static var halfClosing: Self { .init(isOutboundHalfClosureEnabled: true) }
}

extension ConnectProxy {
    private typealias Input = NIOAsyncChannelInboundStream<ByteBuffer>
    private typealias Output = NIOAsyncChannelOutboundWriter<ByteBuffer>

    /// Serves one client to its end.
    func serve(_ connection: AcceptedByteChannel) async {
        let client = connection.channel
        do {
            try await client.executeThenClose { input, output in
                var input = input.makeAsyncIterator()
                do {
                    try await self.serve(client.channel, &input, output)
                } catch let refusal as ConnectProxyRefusal {
                    try await self.refuse(refusal, client.channel, &input, output)
                }
            }
        } catch {
            // A client or a destination that has gone is nothing to worry about.
            logger.debug("proxy connection ends", metadata: ["error": "\(error)"])
        }
    }

    /// Reads the request and does what it asks.
    ///
    /// - Throws: ``ConnectProxyRefusal`` for a client that can still be answered.
    private func serve(
        _ channel: any Channel, _ input: inout Input.AsyncIterator, _ output: Output
    ) async throws {
        guard let (head, rest) = try await readHead(channel, &input) else { return }
        let request = try ConnectProxyRequest(head: head)
        let route = ConnectProxyRoute(request, configuration)
        let server: ByteChannel
        switch route {
        case .refusal:
            logger.debug("proxy refuses", metadata: ["host": "\(request.host)", "port": "\(request.port)"])
            throw ConnectProxyRefusal.forbidden
        case .silence:
            try await output.write(ConnectProxy.established)
            while try await input.next() != nil {}
            return
        case .connection(let host, let port, _):
            server = try await connect(host: host, port: port)
        }
        try await server.executeThenClose { serverInput, serverOutput in
            if case .connection(_, _, let question?) = route {
                // The other proxy answers for both.
                try await serverOutput.write(ByteBuffer(string: question))
            } else {
                try await output.write(ConnectProxy.established)
            }
            if rest.readableBytes > 0 { try await serverOutput.write(rest) }
            let (ends, end) = AsyncStream<Void>.makeStream()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for try await bytes in serverInput { try await output.write(bytes) }
                    output.finish()
                    end.yield()
                }
                group.addTask {
                    // Once one side has said its last word, the other has a while.
                    for await _ in ends { break }
                    try await self.stopwatch.sleep(until: self.stopwatch.now + self.configuration.closeLimit)
                    channel.close(promise: nil)
                    server.channel.close(promise: nil)
                }
                defer { group.cancelAll() }
                while let bytes = try await input.next() { try await serverOutput.write(bytes) }
                serverOutput.finish()
                end.yield()
                try await group.next()
            }
        }
    }

    private static let established = ByteBuffer(string: "HTTP/1.1 200 Connection established\r\n\r\n")

    /// Reads up to the empty line.
    ///
    /// - Returns: the head without it and what followed; nil when the client has closed or was too slow.
    private func readHead(
        _ channel: any Channel, _ input: inout Input.AsyncIterator
    ) async throws -> (head: [UInt8], rest: ByteBuffer)? {
        let deadline = stopwatch.now + configuration.requestLimit
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await self.stopwatch.sleep(until: deadline)
                channel.writeAndFlush(ByteBuffer(string: ConnectProxyRefusal.tooSlow.response), promise: nil)
                channel.close(mode: .output, promise: nil)
                try await self.stopwatch.sleep(until: deadline + self.configuration.closeLimit)
                channel.close(promise: nil)
            }
            defer { group.cancelAll() }
            var received = ByteBuffer()
            while let bytes = try await input.next() {
                // Too late; but bytes left unread would reset the connection, and the answer would be lost.
                if stopwatch.now >= deadline { continue }
                received.writeImmutableBuffer(bytes)
                if let end = received.readableBytesView.firstRange(of: [13, 10, 13, 10]) {
                    guard end.lowerBound <= configuration.maximumRequestByteCount else {
                        throw ConnectProxyRefusal.tooLong
                    }
                    let head = received.readBytes(length: end.lowerBound) ?? []
                    received.moveReaderIndex(forwardBy: 4)
                    return (head, received)
                }
                guard received.readableBytes <= configuration.maximumRequestByteCount else {
                    throw ConnectProxyRefusal.tooLong
                }
            }
            return nil
        }
    }

    /// Tells a client why not, and gives it time to read that.
    private func refuse(
        _ refusal: ConnectProxyRefusal, _ channel: any Channel, _ input: inout Input.AsyncIterator, _ output: Output
    ) async throws {
        try await output.write(ByteBuffer(string: refusal.response))
        output.finish()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await self.stopwatch.sleep(until: self.stopwatch.now + self.configuration.closeLimit)
                channel.close(promise: nil)
            }
            defer { group.cancelAll() }
            // A socket closed with bytes unread resets the connection, and the answer would be lost.
            while try await input.next() != nil {}
        }
    }
}
