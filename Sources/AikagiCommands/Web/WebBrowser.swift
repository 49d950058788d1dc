import AsyncHTTPClient
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A browser without a screen: pages, forms, cookies and redirects of one web site.
actor WebBrowser {
    /// The site's origin, without a slash at the end.
    nonisolated let origin: String

    private let client: HTTPClient
    private let languages: String
    private var cookies: [String: String] = [:]

    /// The longest page or answer that is read, in bytes.
    private static let maximumByteCount = 1 << 20

    /// A browser that has never been to the site.
    init(origin: String, client: HTTPClient, languages: String = "en") {
        self.origin = origin
        self.client = client
        self.languages = languages
    }

    /// The client that browsers share; whoever makes it shuts it down.
    ///
    /// - Parameter authorities: The certificate authorities that are trusted; `nil`: the system's.
    static func makeClient(
        eventLoopGroup: any EventLoopGroup, authorities: [NIOSSLCertificate]? = nil
    ) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        // Redirects are followed here, because each may set a cookie.
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(connect: .seconds(10), read: .seconds(60))
        // The portal listens on IPv4; a name service that prefers ::1 would cost a refused connection each time.
        configuration.dnsOverride = ["localhost": "127.0.0.1"]
        // A portal that does not run is said at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        if let authorities {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .certificates(authorities)
            configuration.tlsConfiguration = tls
        }
        return HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: configuration)
    }

    /// Opens a page.
    func open(_ path: String) async throws -> WebPage {
        try await follow(path, method: .GET, body: nil)
    }

    /// Fills in a page's form and sends it; the form's own hidden fields go along.
    func submit(_ fields: [(String, String)], on page: WebPage, to path: String? = nil) async throws -> WebPage {
        var all = fields
        if let token = page.field("csrf") { all.append(("csrf", token)) }
        let body = all.map { "\(Self.encode($0.0))=\(Self.encode($0.1))" }.joined(separator: "&")
        return try await follow(
            path ?? page.path, method: .POST, body: ("application/x-www-form-urlencoded", Array(body.utf8)))
    }

    private struct Refusal: Decodable { var message: String }

    /// Sends JSON and returns the JSON of the answer.
    ///
    /// - Throws: ``WebFailure`` with the site's own sentence when it refuses.
    func post(_ path: String, json: some Encodable & Sendable) async throws -> [UInt8] {
        let body = Array(try JSONEncoder().encode(json))
        let (status, _, data) = try await send(path, method: .POST, body: ("application/json", body))
        guard status == 200 else {
            // An answer that is not the site's JSON is shown as its status alone.
            let message = try? JSONDecoder().decode(Refusal.self, from: Data(data)).message
            throw WebFailure("the portal refused: \(message ?? "HTTP status \(status) at \(path)")")
        }
        return data
    }

    private func follow(
        _ path: String, method: HTTPMethod, body: (type: String, bytes: [UInt8])?
    ) async throws -> WebPage {
        var path = path
        var method = method
        var body = body
        for _ in 0..<8 {
            let (status, location, data) = try await send(path, method: method, body: body)
            guard (300..<400).contains(status), let location else {
                return WebPage(path: path, status: status, html: String(decoding: data, as: UTF8.self))
            }
            guard let next = sameSitePath(location) else {
                throw WebFailure("the portal redirects to another site: \(location)")
            }
            (path, method, body) = (next, .GET, nil)
        }
        throw WebFailure("the portal redirects without end at \(path)")
    }

    private func sameSitePath(_ location: String) -> String? {
        if location.hasPrefix("/"), !location.hasPrefix("//") { return location }
        guard location.hasPrefix(origin + "/") else { return nil }
        return String(location.dropFirst(origin.count))
    }

    private func send(
        _ path: String, method: HTTPMethod, body: (type: String, bytes: [UInt8])?
    ) async throws -> (status: Int, location: String?, data: [UInt8]) {
        var request = HTTPClientRequest(url: origin + path)
        request.method = method
        request.headers.add(name: "Accept-Language", value: languages)
        if !cookies.isEmpty {
            let value = cookies.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
            request.headers.add(name: "Cookie", value: value)
        }
        if let body {
            request.headers.add(name: "Content-Type", value: body.type)
            request.headers.add(name: "Origin", value: origin)
            request.body = .bytes(ByteBuffer(bytes: body.bytes))
        }
        do {
            let response = try await client.execute(request, timeout: .seconds(60))
            let data = try await response.body.collect(upTo: Self.maximumByteCount)
            for cookie in response.headers["Set-Cookie"] { store(cookie) }
            return (Int(response.status.code), response.headers.first(name: "Location"), Array(data.readableBytesView))
        } catch let error as CancellationError {
            throw error
        } catch {
            throw WebFailure(
                WebBrowser.tlsFailure(error, at: origin)
                    ?? "cannot reach the portal at \(origin): \(WebBrowser.reason(error)); does it run there?")
        }
    }

    /// What went wrong with TLS, in a sentence; `nil` for anything else.
    ///
    /// The library's own words name its source files.
    static func tlsFailure(_ error: any Error, at origin: String) -> String? {
        if let connection = error as? NIOConnectionError {
            return connection.connectionErrors.first.flatMap { tlsFailure($0.error, at: origin) }
        }
        switch error {
        case NIOSSLError.handshakeFailed(let reason)
        where String(describing: reason).contains("CERTIFICATE_VERIFY_FAILED"):
            return "the certificate of \(origin) is not trusted: give its authority with --portal-ca"
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return "the certificate of \(origin) is for another name: open the portal by the name in its certificate"
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            return "TLS with \(origin) failed: is that an https address?"
        default: return nil
        }
    }

    /// Why no connection came about, in the operating system's words.
    private static func reason(_ error: any Error) -> String {
        if let failed = error as? IOError { return String(cString: strerror(failed.errnoCode)) }
        guard let connection = error as? NIOConnectionError else { return "\(error)" }
        if let failed = connection.connectionErrors.first?.error as? IOError {
            return String(cString: strerror(failed.errnoCode))
        }
        return "the host name is unknown"
    }

    private func store(_ cookie: String) {
        let pair = cookie.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
        guard let name = pair.first else { return }
        let attributes = cookie.split(separator: ";").dropFirst().map { $0.trimmingPrefix(" ").lowercased() }
        let expired = attributes.contains("max-age=0") || pair.count < 2
        cookies[String(name)] = expired ? nil : String(pair[1])
    }

    private static func encode(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                String(UnicodeScalar(byte))
            default:
                "%" + hexadecimal([byte]).uppercased()
            }
        }.joined()
    }
}

/// Why the web site was of no use: a sentence.
struct WebFailure: Error, CustomStringConvertible {
    /// What happened.
    let description: String

    init(_ description: String) { self.description = description }
}
