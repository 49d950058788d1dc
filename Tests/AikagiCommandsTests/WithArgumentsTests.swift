import SoftwareAuthenticator
import Testing

@testable import AikagiCommands

@Suite struct WithArgumentsTests {
    static let expansions: [(String, String)] = [
        ("with --key -- prog --key", "with --key security-key -- prog --key"),
        ("with --key platform -- prog", "with --key platform -- prog"),
        ("with --key --key platform -- p", "with --key security-key --key platform -- p"),
        ("with --key", "with --key security-key"), ("demo --json", "demo --json"), ("", ""),
    ]

    @Test("--key may stand without a value; another program's arguments are left alone", arguments: expansions)
    func bareOptions(given: String, expanded: String) {
        let words = { (text: String) in text.split(separator: " ").map(String.init) }
        #expect(BareOptions.expand(words(given)) == words(expanded))
    }

    @Test("A key has a flavour, a name, a gate and a store")
    func key() throws {
        let plain = try #require(KeyArgument(argument: "security-key"))
        #expect(plain.flavour == .securityKey)
        #expect(plain.store == nil)
        let full = try #require(KeyArgument(argument: "platform,name=My reader,gate=delay:2,store=/tmp/a=b"))
        #expect(full.flavour == .platform)
        #expect(full.name == "My reader")
        #expect(full.store == "/tmp/a=b")
        if case .delay(.seconds(2)) = full.gate {} else { Issue.record("\(full.gate)") }
        #expect(KeyArgument(argument: "name=x")?.flavour == .securityKey)
    }

    @Test(
        "Other keys are refused",
        arguments: [
            "", "phone", "platform,", "platform,gate=maybe", "name=", "name=a,name=b", "x=y", "platform,security-key",
        ])
    func noKey(text: String) {
        #expect(KeyArgument(argument: text) == nil)
    }
}
