import Testing

@testable import AikagiCommands

@Suite struct BrowserTests {
    static let paths: [(String, Browser.Family)] = [
        ("/opt/firefox/firefox", .firefox), ("/usr/bin/firefox-esr", .firefox), ("./Firefox Nightly", .firefox),
        ("/opt/firefox/chromium", .chromium), ("/opt/brave.com/brave/brave", .chromium), ("/a/", .chromium),
    ]

    @Test("A path is taken as it is; only Firefox's name tells of another kind", arguments: paths)
    func path(path: String, family: Browser.Family) throws {
        let browser = try Browser(path)
        #expect(browser.path == path)
        #expect(browser.family == family)
    }

    @Test("A browser that is not installed is refused")
    func unknown() {
        let error = #expect(throws: CommandFailure.self) { try Browser("aikagi-no-such-browser") }
        #expect(error?.description.contains("aikagi-no-such-browser") == true)
    }

    @Test("A name is searched in PATH")
    func name() throws {
        #expect(try Browser("sh").path.hasSuffix("/sh"))
    }

    static let commands: [(String, url: String?, isRoot: Bool, [String])] = [
        ("/c", nil, false, ["/c", "--user-data-dir=/p q"]), ("/c", "u", false, ["/c", "--user-data-dir=/p q", "u"]),
        ("/c", "u", true, ["/c", "--user-data-dir=/p q", "--no-sandbox", "u"]),
        ("/firefox", nil, true, ["/firefox", "--no-remote", "--profile", "/p q"]),
        ("/firefox", "u", false, ["/firefox", "--no-remote", "--profile", "/p q", "u"]),
    ]

    @Test("Its command line has its profile and no more flags than it needs", arguments: commands)
    func command(path: String, url: String?, isRoot: Bool, command: [String]) throws {
        #expect(try Browser(path).command(profile: "/p q", url: url, isRoot: isRoot) == command)
    }
}
