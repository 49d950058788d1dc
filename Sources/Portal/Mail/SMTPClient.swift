import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import SMTP

/// Hands mails to a server: a connection for each, within a minute.
struct SMTPClient: MailTransport {
    private let configuration: SMTPConfiguration
    private let tls: NIOSSLContext
    /// What the portal calls itself.
    private let name: String
    /// How long a mail may take.
    private let timeout: Duration

    /// Prepares TLS.
    ///
    /// - Throws: ``PortalConfigurationError/mailTrustRoots(_:reason:)`` when the authorities cannot be read.
    init(
        configuration: SMTPConfiguration, name: String, timeout: Duration = .seconds(60)
    ) throws(PortalConfigurationError) {
        self.configuration = configuration
        self.name = name
        self.timeout = timeout
        var settings = TLSConfiguration.makeClientConfiguration()
        settings.minimumTLSVersion = .tlsv12
        do {
            if let path = configuration.trustRootsPath {
                settings.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(path))
            }
            tls = try NIOSSLContext(configuration: settings)
        } catch {
            throw .mailTrustRoots(
                configuration.trustRootsPath ?? "the system's", reason: "it holds no certificate in PEM")
        }
    }

    func deliver(_ message: MailMessage) async throws {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await exchange(message) }
                group.addTask {
                    try await Task.sleep(for: timeout)
                    throw SMTPError.timeout
                }
                defer { group.cancelAll() }
                _ = try await group.next()
            }
        } catch let error as SMTPReplyError {
            throw SMTPError.answer(error)
        } catch let error as SMTPError {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            throw SMTPError.connection(SMTPClient.reason(error))
        }
    }

    private func exchange(_ message: MailMessage) async throws {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(.seconds(20))
            .connect(host: configuration.host, port: configuration.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ReceivedByteCount())
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        try await channel.executeThenClose { inbound, outbound in
            var dialogue = Dialogue(input: inbound.makeAsyncIterator(), output: outbound)
            try await dialogue.expect(220, after: "the connection")
            var extensions = try await dialogue.greet(name)
            if configuration.requiresTLS {
                guard extensions.offersTLS else { throw SMTPError.noTLS }
                try await dialogue.command("STARTTLS", expecting: 220)
                guard dialogue.isClean else { throw SMTPError.injected }
                try await secure(channel.channel, after: dialogue.receivedByteCount)
                extensions = try await dialogue.greet(name)
            }
            if let login = configuration.login { try await authenticate(login, extensions, &dialogue) }
            guard extensions.takes8BitMIME else { throw SMTPError.no8BitMIME }
            try await dialogue.command(
                "MAIL FROM:<\(message.sender.text)> BODY=8BITMIME", named: "MAIL", expecting: 250)
            try await dialogue.command("RCPT TO:<\(message.recipient.text)>", named: "RCPT", expecting: 250)
            try await dialogue.command("DATA", expecting: 354)
            try await dialogue.send(SMTPData.encode(message.encoded))
            try await dialogue.expect(250, after: "the message")
            // From here on the server is responsible; whether it also says good-bye does not matter.
            try? await dialogue.send(Array("QUIT\r\n".utf8))  // the connection may be gone already
        }
    }

    /// Begins TLS, and waits for it: what is wrong with it would otherwise come second to the end of the connection.
    ///
    /// - Parameter byteCount: How many bytes have been read as replies. Had more arrived, they would be read as if TLS had
    ///   protected them (RFC 3207 §6).
    private func secure(_ channel: any Channel, after byteCount: Int) async throws {
        let tls = tls
        let host = configuration.host
        let isSecure = channel.eventLoop.flatSubmit {
            let isSecure = channel.eventLoop.makePromise(of: Void.self)
            do {
                let received = try channel.pipeline.syncOperations.handler(type: ReceivedByteCount.self).byteCount
                guard received == byteCount else { throw SMTPError.injected }
                let serverName = NetworkAddress.isLiteral(host) ? nil : host
                let handler = try NIOSSLClientHandler(context: tls, serverHostname: serverName)
                let watch = TLSHandshakeWatch(isSecure)
                try channel.pipeline.syncOperations.addHandlers([handler, watch], position: .first)
            } catch {
                isSecure.fail(error)
            }
            return isSecure.futureResult
        }
        // A future does not know of cancellation; the end of the connection ends the wait.
        try await withTaskCancellationHandler {
            try await isSecure.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    private func authenticate(
        _ login: SMTPConfiguration.Login, _ extensions: SMTPExtensions, _ dialogue: inout Dialogue
    ) async throws {
        let mechanisms = extensions.authenticationMechanisms
        func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
        if mechanisms.contains("PLAIN") {
            try await dialogue.command(
                "AUTH PLAIN \(base64("\0\(login.name)\0\(login.password)"))", named: "AUTH", expecting: 235)
        } else if mechanisms.contains("LOGIN") {
            try await dialogue.command("AUTH LOGIN", named: "AUTH", expecting: 334)
            try await dialogue.command(base64(login.name), named: "AUTH", expecting: 334)
            try await dialogue.command(base64(login.password), named: "AUTH", expecting: 235)
        } else {
            throw SMTPError.noLogin
        }
    }

    /// What a failure of the network is called, without an address of a person in it.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case is NIOConnectionError: "nobody listens there, or the name is unknown"
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: "TLS failed; is its certificate trusted here?"
        default: "the connection broke off"
        }
    }

    /// Commands and replies, one after the other.
    private struct Dialogue {
        var input: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
        let output: NIOAsyncChannelOutboundWriter<ByteBuffer>
        var reader = SMTPReplyReader()
        var receivedByteCount = 0

        /// Whether everything that has arrived was asked for.
        var isClean: Bool { reader.isEmpty }

        func send(_ bytes: [UInt8]) async throws { try await output.write(ByteBuffer(bytes: bytes)) }

        mutating func reply() async throws -> SMTPReply {
            while true {
                if let reply = try reader.next() { return reply }
                guard let bytes = try await input.next() else { throw SMTPError.connection("it was closed") }
                receivedByteCount += bytes.readableBytes
                reader.append(bytes.readableBytesView)
            }
        }

        @discardableResult
        mutating func expect(_ code: Int, after command: String) async throws -> SMTPReply {
            let reply = try await reply()
            guard reply.code == code || (code == 250 && reply.isPositive) else {
                throw SMTPError.refused(command: command, code: reply.code)
            }
            return reply
        }

        mutating func command(_ text: String, named name: String? = nil, expecting code: Int) async throws {
            try await send(Array("\(text)\r\n".utf8))
            try await expect(code, after: name ?? text)
        }

        mutating func greet(_ name: String) async throws -> SMTPExtensions {
            try await send(Array("EHLO \(name)\r\n".utf8))
            return SMTPExtensions(try await expect(250, after: "EHLO"))
        }
    }
}

/// Why a mail server did not take a mail; says nothing about whom the mail is for.
enum SMTPError: MailTransportError, Equatable {
    /// There is no connection, or it ended.
    case connection(String)
    /// It took too long.
    case timeout
    /// The server refused a command.
    case refused(command: String, code: Int)
    /// The server said something that is no reply.
    case answer(SMTPReplyError)
    /// The server offers no TLS, which is needed.
    case noTLS
    /// Something arrived between the agreement on TLS and TLS.
    case injected
    /// The server offers no way to log in that is known here.
    case noLogin
    /// The server does not take bytes above 127.
    case no8BitMIME

    /// A sentence for the log.
    var description: String {
        switch self {
        case .connection(let reason): "no connection to the mail server: \(reason)"
        case .timeout: "the mail server took longer than a minute"
        case .refused(let command, let code): "the mail server answered \(command) with \(code)"
        case .answer(let error): "\(error)"
        case .noTLS: "the mail server offers no STARTTLS, without which no mail leaves this machine"
        case .injected: "the mail server, or somebody between, sent more than a reply before TLS began"
        case .noLogin: "the mail server offers neither AUTH PLAIN nor AUTH LOGIN"
        case .no8BitMIME: "the mail server does not offer 8BITMIME"
        }
    }
}
