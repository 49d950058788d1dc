import Testing
import TunnelService

@testable import ProgramRunner

@Suite struct ProxyEnvironmentTests {
    static let proxies: [(String, ConnectProxyConfiguration.Others?)] = [
        ("http://proxy.example:3128", .proxy(host: "proxy.example", port: 3128)),
        ("http://proxy.example:3128/", .proxy(host: "proxy.example", port: 3128)),
        ("HTTP://proxy.example", .proxy(host: "proxy.example", port: 80)),
        ("proxy.example:8080", .proxy(host: "proxy.example", port: 8080)), ("proxy", .proxy(host: "proxy", port: 80)),
        ("http://u:p@proxy.example:1", .proxy(host: "proxy.example", port: 1, credentials: "u:p")),
        ("u%40x:p%3Aq@proxy.example", .proxy(host: "proxy.example", port: 80, credentials: "u@x:p:q")),
        ("http://u:p@q@proxy.example:1", .proxy(host: "proxy.example", port: 1, credentials: "u:p@q")),
        ("http://[::1]:3128", .proxy(host: "::1", port: 3128)), ("http://[::1]", .proxy(host: "::1", port: 80)),
        ("http://127.0.0.1:65535", .proxy(host: "127.0.0.1", port: 65535)),
        ("https://proxy.example:3128", nil), ("socks5://proxy.example:1080", nil), ("http://", nil), ("", nil),
        ("http://:3128", nil), ("http://proxy.example:0", nil), ("http://proxy.example:65536", nil),
        ("http://proxy.example:x", nil), ("http://proxy.example:", nil), ("http://u:p@", nil),
    ]

    @Test("A proxy is an HTTP proxy's URL, with or without its scheme, credentials and port", arguments: proxies)
    func proxy(text: String, others: ConnectProxyConfiguration.Others?) {
        #expect(ProxyEnvironment.proxy(text) == others)
    }

    static let environments: [([String: String], ConnectProxyConfiguration.Others)] = [
        ([:], .direct), (["PATH": "/bin"], .direct), (["https_proxy": ""], .direct),
        (["https_proxy": "http://a:1"], .proxy(host: "a", port: 1)),
        (["HTTPS_PROXY": "http://a:1"], .proxy(host: "a", port: 1)),
        (["all_proxy": "http://a:1"], .proxy(host: "a", port: 1)),
        (["ALL_PROXY": "http://a:1"], .proxy(host: "a", port: 1)),
        (["http_proxy": "http://a:1"], .direct),
        (["https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:1", "all_proxy": "c"], .proxy(host: "a", port: 1)),
        (["https_proxy": "", "ALL_PROXY": "http://b:1"], .proxy(host: "b", port: 1)),
        (["https_proxy": "socks5://a:1"], .direct),
    ]

    @Test("Other connections go where the program's would have gone", arguments: environments)
    func others(environment: [String: String], others: ConnectProxyConfiguration.Others) {
        #expect(ProxyEnvironment(environment).others == others)
    }

    @Test("The program is led to our proxy, and to this machine without it")
    func changes() {
        let changes = ProxyEnvironment([:]).changes(port: 1234, leavesHTTP: true)
        let own = "localhost,127.0.0.1,::1"
        let expected: [String: String?] = [
            "https_proxy": "http://127.0.0.1:1234", "HTTPS_PROXY": "http://127.0.0.1:1234", "no_proxy": own,
            "NO_PROXY": own, "XDG_CURRENT_DESKTOP": nil, "DESKTOP_SESSION": nil, "GNOME_DESKTOP_SESSION_ID": nil,
            "KDE_FULL_SESSION": nil, "all_proxy": nil, "ALL_PROXY": nil, "auto_proxy": nil,
        ]
        #expect(changes == expected)
    }

    @Test("Offline, plain HTTP is led there, too")
    func offline() {
        let changes = ProxyEnvironment([:]).changes(port: 1, leavesHTTP: false)
        #expect(changes["http_proxy"] == "http://127.0.0.1:1")
        #expect(changes["HTTP_PROXY"] == "http://127.0.0.1:1")
    }

    @Test(
        "The user's own exceptions stay",
        arguments: [
            (["no_proxy": "a.example"], "a.example,localhost,127.0.0.1,::1"),
            (["NO_PROXY": "b.example"], "b.example,localhost,127.0.0.1,::1"),
            (["no_proxy": "", "NO_PROXY": "b.example"], "b.example,localhost,127.0.0.1,::1"),
            (["no_proxy": ""], "localhost,127.0.0.1,::1"),
        ])
    func exceptions(environment: [String: String], expected: String) {
        let changes = ProxyEnvironment(environment).changes(port: 1, leavesHTTP: true)
        #expect(changes["no_proxy"] == expected)
        #expect(changes["NO_PROXY"] == expected)
    }
}
