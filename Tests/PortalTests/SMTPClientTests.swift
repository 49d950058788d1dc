import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import Portal

/// A mail server that agrees to TLS, and then does something else.
private final class FaithlessServer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answerToSTARTTLS: String

    init(answerToSTARTTLS: String) { self.answerToSTARTTLS = answerToSTARTTLS }

    func channelActive(context: ChannelHandlerContext) { answer("220 here\r\n", context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let line = String(buffer: unwrapInboundIn(data))
        if line.hasPrefix("EHLO") {
            answer("250-here\r\n250-8BITMIME\r\n250 STARTTLS\r\n", context)
        } else if line.hasPrefix("STARTTLS") {
            answer(answerToSTARTTLS, context)
        }
    }

    private func answer(_ text: String, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }
}

@Suite(.timeLimit(.minutes(2))) struct SMTPClientTests {
    @Test(
        "a server that falls silent after STARTTLS is given up, and what it adds in plain text is never taken for its answer",
        arguments: [("220 go\r\n", SMTPError.timeout), ("220 go\r\n250 taken\r\n", .injected)])
    func faithlessServer(answer: String, expected: SMTPError) async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FaithlessServer(answerToSTARTTLS: answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        var configuration = SMTPConfiguration(host: "127.0.0.1", port: port)
        configuration.login = SMTPConfiguration.Login(name: "portal", password: "open sesame")
        // Long enough for the dialogue before TLS on a busy machine; only the silent server takes it all.
        let client = try SMTPClient(configuration: configuration, name: "portal.example", timeout: .seconds(2))
        let sender = try #require(MailAddress("portal@portal.example"))
        let recipient = try #require(MailAddress("hanako@example.jp"))
        let message = MailMessage(
            senderName: "Portal", sender: sender, recipient: recipient, subject: "Hello", text: "Hello",
            date: Date(timeIntervalSince1970: 0), identifier: "1")
        await #expect(throws: expected) { try await client.deliver(message) }
        try await server.close()
    }
}
