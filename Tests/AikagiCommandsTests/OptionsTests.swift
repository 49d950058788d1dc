import ArgumentParser
import HybridTransport
import Testing

@testable import AikagiCommands

@Suite struct OptionsTests {
    static let addresses: [(String, String, Int)] = [
        ("127.0.0.1:8443", "127.0.0.1", 8443), ("[::1]:1", "::1", 1), ("tunnel.example:65535", "tunnel.example", 65535),
    ]

    @Test("An address is host:port", arguments: addresses)
    func address(text: String, host: String, port: Int) throws {
        let address = try HybridOptions.address(text)
        #expect(address.host == host)
        #expect(address.port == port)
    }

    @Test(
        "What is no address is refused with an example",
        arguments: ["", "host", ":1", "host:", "host:0", "host:65536", "[]:1", "host:-1"])
    func noAddress(text: String) {
        let error = #expect(throws: CommandFailure.self) { try HybridOptions.address(text) }
        #expect(error?.description.contains("127.0.0.1:8443") == true)
    }

    static let contradictions: [[String]] = [
        ["login", "http://localhost:1"], ["login", "--hybrid"],
        ["login", "--hybrid", "http://localhost:1", "--user", "u"],
        ["login", "--hybrid", "--options", "f"], ["login", "--hybrid", "--origin", "https://a.example"],
        ["login", "--hybrid", "http://localhost:1", "--options", "f", "--origin", "https://a.example"],
        ["register", "--hybrid", "http://localhost:1"], ["phone", "scan"],
        ["phone", "scan", "FIDO:/1", "--memory", "--store", "s"], ["tunnel", "--certificate", "c"],
        ["tunnel", "--domain", "2"], ["portal", "--port", "65536"], ["demo", "--pc-gate", "maybe"], ["nonsense"],
        ["with", "--", "p"], ["with", "--key", "platform"], ["with", "--key", "platform", "--serve", "--", "p"],
        ["with", "--serve"], ["with", "--key", "platform", "--json", "--", "p"],
        ["with", "--key", "platform", "--adapter", "off", "--", "p"], ["with", "--join", "s"],
        ["with", "--key", "platform", "--tunnel", "silent", "--", "p"], ["with", "--key", "phone", "--", "p"],
        ["with", "--key", "platform", "--offline", "--", "p"], ["with", "--phone", "maybe", "--", "p"],
        ["with", "--join", "s", "--key", "platform", "--", "p"], ["with", "--join", "s", "--serve"],
        ["with", "--phone", "auto", "--adapter", "maybe", "--", "p"],
        ["browser", "--json", "--events", "f"], ["browser", "--key", "phone"], ["plug", "a", "b"],
        ["unplug", "--list"], ["key"], ["key", "--tcp", "65536"], ["key", "--tcp", "0", "--udp-reply", "1"],
        ["key", "--udp", "0", "--udp-reply", "0"], ["key", "--pty", "--memory", "--store", "f"],
        ["key", "--pty", "--large-blob", "extension", "--profile", "ctap21"], ["key", "--pty", "--large-blob", "both"],
        ["key", "--pty", "--flavour", "phone", "--finger", "thumb"],
        ["key", "--pty", "--presence-only", "--finger", "a"],
        ["key", "--pty", "--profile", "compat20", "--finger", "a"],
        ["key", "--pty", "--finger", ""], ["key", "--pty", "--finger", "a", "--finger", "a"],
        ["key", "--pty", "--finger", String(repeating: "a", count: 65)],
        ["key", "--pty"] + (1...6).flatMap { ["--finger", "\($0)"] },
        ["key", "--pty", "--listen", "0.0.0.0"], ["key", "--pty", "--enterprise", ""],
        ["key", "--pty", "--flavour", "phone", "--profile", "ctap21"],
        ["key", "--pty", "--enterprise", "a.example", "--profile", "compat20"],
        ["key", "--pty", "--enterprise", "a.example", "--flavour", "phone"], ["key", "--pty", "--attestation", "u2f"],
        ["with", "--phone", "auto", "--attestation-root", "f", "--", "p"],
        ["with", "--join", "s", "--attestation-root", "f", "--", "p"], ["portal", "--rp-id", "a.example"],
        ["login", "--hybrid", "http://localhost:1", "--portal-ca", "f"],
        ["login", "--hybrid", "--options", "f", "--origin", "https://a.example", "--portal-ca", "f"],
    ]

    @Test("Contradicting or missing options are a usage error", arguments: contradictions)
    func usage(arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try AikagiCommand.parseAsRoot(arguments) }
        #expect(error.map { AikagiCommand.exitCode(for: $0) } == .validationFailure, "\(arguments)")
    }

    @Test(
        "An option that does not exist is named before anything else that is wrong",
        arguments: [
            (["key", "--tpc", "0"], "--tpc"),
            (["key", "--pty", "--memory", "--store", "f", "--fingr", "a"], "--fingr"),
            (["with", "--kye", "--", "p"], "--kye"), (["login", "--hybird", "http://localhost:1"], "--hybird"),
            (["key", "--udp-reply", "1"], "at least one door"),
            (["key", "--pty", "--capacity", "-1"], "a number from 1 to 1000000"),
            (["portal", "--certificate", "c", "--prot", "1"], "--prot"),
            (["control", "k", "maybe", "--jsn"], "--jsn"), (["tunnel", "--certificate", "c", "--prot", "1"], "--prot"),
        ])
    func misspelt(arguments: [String], word: String) {
        let error = #expect(throws: (any Error).self) { try AikagiCommand.parse(arguments) }
        let message = error.map { AikagiCommand.message(for: $0) } ?? ""
        #expect(message.contains(word), "\(message)")
        #expect(error.map { AikagiCommand.exitCode(for: $0) } == .validationFailure)
    }

    @Test("Options that go together are named")
    func together() throws {
        for (arguments, words) in [
            (["portal", "--rp-id", "a.example"], ["--rp-id a.example", "--origin", "--certificate"]),
            (["portal", "--demo", "--smtp", "localhost:25"], ["first login", "--smtp", "--origin", "--certificate"]),
        ] {
            let error = #expect(throws: (any Error).self) { try AikagiCommand.parse(arguments) }
            let message = error.map { AikagiCommand.message(for: $0) } ?? ""
            for word in words { #expect(message.contains(word), "\(message)") }
        }
        for arguments in [
            ["--rp-id", "localhost"], ["--rp-id", "a.localhost"],
            ["--rp-id", "a.example", "--origin", "https://a.example"],
            ["--rp-id", "a.example", "--certificate", "c", "--private-key", "k"],
        ] { _ = try AikagiCommand.parse(["portal"] + arguments) }
    }

    @Test("A portal says where its mail goes")
    func mail() throws {
        #expect(try PortalMailOptions.parse([]).destination(maildir: "/m") == "/m")
        #expect(
            try PortalMailOptions.parse(["--smtp", "[::1]:25"]).destination(maildir: "/m") == "smtp://[::1]:25")
    }

    @Test("Fingers go with whatever has a reader")
    func fingers() throws {
        for arguments in [["--flavour", "platform", "--profile", "compat20"], ["--profile", "ctap21"], []] {
            _ = try AikagiCommand.parse(["key", "--pty", "--finger", "left thumb"] + arguments)
        }
    }

    @Test("Help that is laid out by hand fits a terminal of 80 columns")
    func helpWidth() {
        for command in AikagiCommand.configuration.subcommands + [AikagiCommand.self, PhoneScanCommand.self] {
            for line in command.configuration.discussion.split(separator: "\n") where line.hasPrefix("  ") {
                #expect(line.count <= 80, "\(line)")
            }
        }
    }

    @Test("Every command's help has an example that parses")
    func help() throws {
        for command in AikagiCommand.configuration.subcommands + [PhoneScanCommand.self]
        where command != PhoneCommand.self && command.configuration.shouldDisplay {
            let text = command.configuration.discussion
            let examples = text.split(separator: "\n").compactMap { line -> String? in
                line.firstRange(of: #/aikagi .*?(?=   |$| &&)/#).map { String(line[$0]) }
            }
            #expect(!examples.isEmpty, "\(command)")
            for example in examples where !example.contains("`") {
                let words = example.split(separator: " ").dropFirst().map {
                    String($0).replacing("'", with: "").replacing("…", with: "1")
                }
                #expect(throws: Never.self, "\(example)") { try AikagiCommand.parseAsRoot(BareOptions.expand(words)) }
            }
        }
    }
}
