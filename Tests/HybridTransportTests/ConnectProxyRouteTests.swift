import Testing

@testable import TunnelService

@Suite struct ConnectProxyRouteTests {
    static let destinations: [String: ConnectProxyConfiguration.Destination] = [
        "here.example": .place(port: 4433), "six.example": .place(host: "::1", port: 1), "refuses.example": .refusal,
        "silent.example": .silence,
    ]

    static let ownRoutes: [(String, ConnectProxyRoute)] = [
        ("here.example:443", .connection(host: "127.0.0.1", port: 4433, question: nil)),
        ("HERE.Example:443", .connection(host: "127.0.0.1", port: 4433, question: nil)),
        ("six.example:443", .connection(host: "::1", port: 1, question: nil)), ("refuses.example:443", .refusal),
        ("silent.example:443", .silence),
    ]

    @Test("A destination of ours is where it is here, whatever becomes of others", arguments: ownRoutes)
    func ownDestination(target: String, route: ConnectProxyRoute) throws {
        let others: [ConnectProxyConfiguration.Others] = [.refusal, .direct, .proxy(host: "p", port: 1)]
        for others in others { #expect(try Self.route(target, others) == route) }
    }

    static let otherRoutes: [(String, ConnectProxyConfiguration.Others, ConnectProxyRoute)] = [
        ("a.example:443", .refusal, .refusal), ("here.example:80", .refusal, .refusal),
        ("here.example:80", .direct, .connection(host: "here.example", port: 80, question: nil)),
        ("silent.example:8443", .direct, .connection(host: "silent.example", port: 8443, question: nil)),
        ("[2001:DB8::1]:443", .direct, .connection(host: "2001:db8::1", port: 443, question: nil)),
        ("127.0.0.1:65535", .direct, .connection(host: "127.0.0.1", port: 65535, question: nil)),
        (
            "A.example:443", .proxy(host: "p", port: 3128),
            .connection(
                host: "p", port: 3128, question: "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n")
        ),
        (
            "[::1]:1", .proxy(host: "::1", port: 80),
            .connection(host: "::1", port: 80, question: "CONNECT [::1]:1 HTTP/1.1\r\nHost: [::1]:1\r\n\r\n")
        ),
        // RFC 7617 §2's example, and its §2.1's with a character beyond ASCII.
        (
            "a:443", .proxy(host: "p", port: 1, credentials: "Aladdin:open sesame"),
            .connection(
                host: "p", port: 1,
                question: "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n"
                    + "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n")
        ),
        (
            "a:443", .proxy(host: "p", port: 1, credentials: "test:123£"),
            .connection(
                host: "p", port: 1,
                question: "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n"
                    + "Proxy-Authorization: Basic dGVzdDoxMjPCow==\r\n\r\n")
        ),
    ]

    @Test("Other connections are refused, led where they were meant to, or passed on", arguments: otherRoutes)
    func otherDestination(target: String, others: ConnectProxyConfiguration.Others, route: ConnectProxyRoute) throws {
        #expect(try Self.route(target, others) == route)
    }

    private static func route(
        _ target: String, _ others: ConnectProxyConfiguration.Others
    ) throws -> ConnectProxyRoute {
        ConnectProxyRoute(
            try ConnectProxyRequest(head: Array("CONNECT \(target) HTTP/1.1\r\nHost: x".utf8)),
            ConnectProxyConfiguration(destinations: destinations, others: others))
    }
}
