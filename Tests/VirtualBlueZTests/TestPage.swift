import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A web server with one page, which makes a passkey, uses it twice, and reports that.
final class TestPage: Sendable {
    /// What the page has reported, and when.
    struct Report: Sendable {
        var moment: ContinuousClock.Instant
        var name: String
        var body: String
    }

    private static let html = """
        <!DOCTYPE html><meta charset=utf-8><title>test</title><script>
        const bytes = count => crypto.getRandomValues(new Uint8Array(count));
        const report = (name, body) => fetch('/' + name, {method: 'POST', body: body});
        async function run() {
            while (!document.hasFocus()) await new Promise(done => setTimeout(done, 20));
            const made = await navigator.credentials.create({publicKey: {
                challenge: bytes(32), rp: {id: 'localhost', name: 'Test'},
                user: {id: bytes(16), name: 'test', displayName: 'Test'},
                pubKeyCredParams: [{type: 'public-key', alg: -7}],
                authenticatorSelection: {residentKey: 'required', userVerification: 'preferred'}}});
            await report('created', made.id);
            const used = await navigator.credentials.get({publicKey: {
                challenge: bytes(32), rpId: 'localhost', userVerification: 'preferred',
                allowCredentials: [{type: 'public-key', id: made.rawId}]}});
            await report('used', used.id);
            const chosen = await navigator.credentials.get({publicKey: {
                challenge: bytes(32), rpId: 'localhost', userVerification: 'preferred'}});
            await report('chosen', chosen.id);
        }
        run().catch(error => report('failed', String(error)));
        </script>
        """

    /// The page's reports, in order.
    let reports: AsyncStream<Report>
    private let report: AsyncStream<Report>.Continuation
    private let bodies = Mutex<[String]>([])
    private let channel = Mutex<(any Channel)?>(nil)

    /// The credentials that the page has reported.
    var identifiers: [String] { bodies.withLock(\.self) }

    /// The port of the loopback address.
    var port: Int { channel.withLock { $0?.localAddress?.port ?? 0 } }

    /// Begins to serve.
    init() async throws {
        (reports, report) = AsyncStream<Report>.makeStream()
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.pipeline.configureHTTPServerPipeline().flatMapThrowing {
                    try channel.pipeline.syncOperations.addHandler(Handler(page: self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        channel.withLock { $0 = server }
    }

    /// Ends.
    func end() async throws { try await channel.withLock(\.self)?.close() }

    private func receive(_ path: String, _ body: String) {
        bodies.withLock { $0.append(body) }
        report.yield(Report(moment: .now, name: String(path.dropFirst()), body: body))
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let page: TestPage
        private var head: HTTPRequestHead?
        private var body = ""

        init(page: TestPage) { self.page = page }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): (self.head, body) = (head, "")
            case .body(let bytes): body += String(buffer: bytes)
            case .end:
                guard let head else { return }
                if head.method == .POST { page.receive(head.uri, body) }
                let text = head.method == .GET && head.uri == "/" ? TestPage.html : ""
                let headers: HTTPHeaders = ["Content-Type": "text/html", "Content-Length": "\(text.utf8.count)"]
                context.write(
                    wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: headers))), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
