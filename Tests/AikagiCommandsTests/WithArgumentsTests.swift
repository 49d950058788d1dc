import ArgumentParser
import ProgramRunner
import SoftwareAuthenticator
import Testing

@testable import AikagiCommands

@Suite struct WithArgumentsTests {
    static let expansions: [(String, String)] = [
        ("with --key -- prog --key", "with --key security-key -- prog --key"),
        ("with --key platform -- prog", "with --key platform -- prog"),
        ("with --key --key platform -- p", "with --key security-key --key platform -- p"),
        ("with --key", "with --key security-key"), ("demo --json", "demo --json"), ("", ""),
        ("with --phone --key -- p --phone", "with --phone auto --key security-key -- p --phone"),
        ("with --phone manual -- p", "with --phone manual -- p"), ("browser --phone", "browser --phone auto"),
        ("browser --phone --json url", "browser --phone auto --json url"),
        ("browser --key -- url", "browser --key security-key -- url"),
        ("key --udp --tcp --pty", "key --udp 8111 --tcp 35962 --pty"), ("key --udp 0 --tcp", "key --udp 0 --tcp 35962"),
        // Only where there are such options.
        ("phone --phone", "phone --phone"), ("plug --key", "plug --key"), ("--key with", "--key with"),
    ]

    @Test(
        "Some options may stand without a value; another program's arguments are left alone", arguments: expansions
    )
    func bareOptions(given: String, expanded: String) {
        let words = { (text: String) in text.split(separator: " ").map(String.init) }
        #expect(BareOptions.expand(words(given)) == words(expanded))
    }

    static let partLists: [(String, kind: String?, values: [String: String], flags: Set<String>)] = [
        ("a", "a", [:], []), ("a,x=1,f", "a", ["x": "1"], ["f"]), ("x=1", nil, ["x": "1"], []), ("f", nil, [:], ["f"]),
        ("a,x=b=c,y=d e", "a", ["x": "b=c", "y": "d e"], []), ("g,f", nil, [:], ["f", "g"]),
    ]

    @Test("A device is a kind, pairs and flags, in any order but the kind, each once", arguments: partLists)
    func partList(text: String, kind: String?, values: [String: String], flags: Set<String>) throws {
        let parts = try ArgumentParts(text, names: ["x", "y"], flags: ["f", "g"])
        #expect(parts.kind == kind)
        #expect(parts.values == values)
        #expect(parts.flags == flags)
    }

    @Test(
        "Parts that are empty, unknown or there twice are refused",
        arguments: ["", "a,", ",a", "a,b", "a,,f", "x=1,x=2", "f,f", "x=", "z=1", "f,a", "=1", "f,g,y="])
    func noParts(text: String) {
        #expect(throws: ValidationError.self) { try ArgumentParts(text, names: ["x", "y"], flags: ["f", "g"]) }
    }

    @Test("A key has a kind, a name, a gate and a store")
    func key() throws {
        let plain = try KeyArgument(argument: KeyArgument.plain)
        #expect(plain.kind == .software(.securityKey))
        #expect(plain.store == nil)
        #expect(!plain.isUnplugged)
        #expect(!plain.isPresenceOnly)
        #expect(!plain.isBuiltIn)
        let full = try KeyArgument(
            argument: "platform,name=My reader,gate=delay:2,store=/tmp/a=b,unplugged,presence-only,built-in")
        #expect(full.kind == .software(.platform))
        #expect(full.name == "My reader")
        #expect(full.store == StoreAccess(path: "/tmp/a=b"))
        #expect(full.isUnplugged)
        #expect(full.isPresenceOnly)
        #expect(full.isBuiltIn)
        if case .delay(.seconds(2)) = full.gate {} else { Issue.record("\(full.gate)") }
        #expect(try KeyArgument(argument: "name=x").kind == .software(.securityKey))
        #expect(try KeyArgument(argument: "unplugged").kind == .software(.securityKey))
        let phone = try KeyArgument(argument: "phone,name=p,unplugged")
        #expect(phone.kind == .phone)
        #expect(phone.isUnplugged)
    }

    @Test(
        "Other keys are refused",
        arguments: [
            "", "tablet", "platform,", "platform,gate=maybe", "name=", "name=a,name=b", "x=y", "platform,security-key",
            "phone,gate=deny", "phone,store=s", "phone,profile=ctap21", "algorithms=rs1", "passphrase-file=p",
            "phone,presence-only",
            "phone,built-in", "away", "gate=exec:",
            "name=" + String(repeating: "x", count: 101), "name=" + String(repeating: "ü", count: 51),
        ])
    func noKey(text: String) {
        #expect(throws: ValidationError.self) { try KeyArgument(argument: text) }
    }

    @Test(
        "What is wrong with a device is said with the part that is",
        arguments: [
            ("--key", "firefox", "a program to run goes behind '--'"),
            ("--key", "gate=maybe", "there is no gate 'maybe'"),
            ("--key", "platform,gat=deny", "there is no 'gat=' here"), ("--key", "platform,", "a part is empty"),
            ("--key", "platform,away", "'away' is not known here"), ("--key", "phone,store=s", "say it with --phone"),
            ("--key", "name=b,platform", "the kind comes first"),
            ("--key", "platform,phone", "the kind comes first"),
            ("--key", "passphrase-file=p", "'passphrase-file=' is for a store"),
            ("--key", "algorithms=es256+rot13", "there is no algorithm 'rot13'"),
            ("--key", "attestation=self+basic", "'self' and 'basic' are both of the format packed"),
            ("--phone", "attestation=apple+apple", "the attestation 'apple' is there twice"),
            ("--key", "phone,attestation=tpm", "say it with --phone"),
            ("--phone", "algorithms=es256+es256", "the algorithm 'es256' is there twice"),
            ("--phone", "hang-up=never", "there is no step 'never'"),
            ("--phone", "scan-after=soon", "'scan-after=soon'"),
            ("--phone", "away,away", "'away' is there twice"), ("--phone", "name=", "nothing follows 'name='"),
        ])
    func sentences(option: String, text: String, part: String) {
        do {
            _ = try DeviceOptions.parse([option, text])
            Issue.record("\(text) was taken")
        } catch {
            #expect(DeviceOptions.message(for: error).contains(part))
        }
    }

    @Test("A phone has its way of scanning, a name, a gate, a store and its faults")
    func phone() throws {
        let plain = try PhoneArgument(argument: PhoneArgument.plain)
        #expect(plain.scanning == .auto)
        #expect(plain.name == "phone")
        #expect(!plain.isAway && !plain.isOutOfRange && plain.hangUp == nil && plain.scanDelay == .zero)
        let full = try PhoneArgument(
            argument:
                "manual,name=Mine,gate=ignore,store=s,passphrase-file=p,away,out-of-range,scan-after=1.5,hang-up=request"
        )
        #expect(full.scanning == .manual)
        #expect(full.name == "Mine")
        #expect(full.store == StoreAccess(path: "s", passphraseFile: "p"))
        #expect(full.isAway && full.isOutOfRange)
        #expect(full.scanDelay == .milliseconds(1500))
        #expect(full.hangUp == .request)
        #expect(try PhoneArgument(argument: "gate=ask").scanning == .auto)
        for step in PhoneArgument.HangUp.allCases {
            #expect(try PhoneArgument(argument: "hang-up=\(step.rawValue)").hangUp == step)
        }
    }

    @Test(
        "Other phones are refused",
        arguments: [
            "", "key", "auto,", "auto,manual", "scan-after=-1", "scan-after=nan", "scan-after=3601", "scan-after=",
            "hang-up=never", "unplugged", "gate=maybe", "away,away", "name=" + String(repeating: "x", count: 101),
        ])
    func noPhone(text: String) {
        #expect(throws: ValidationError.self) { try PhoneArgument(argument: text) }
    }

    @Test("Devices of the same name are numbered, and none has another's name")
    func names() throws {
        let options = try DeviceOptions.parse(
            ["a", "a", "a 2", "a", "b"].flatMap { ["--key", "name=\($0)"] } + ["--phone", "auto", "--phone", "manual"])
        #expect(options.namedKeys.map(\.name) == ["a", "a 2", "a 2 2", "a 3", "b"])
        #expect(options.namedPhones.map(\.name) == ["phone", "phone 2"])
        #expect(options.hasPhone)
    }

    @Test("The tunnel service behaves as it is told", arguments: DeviceOptions.Tunnel.allCases)
    func tunnelBehaviour(tunnel: DeviceOptions.Tunnel) throws {
        let options = try DeviceOptions.parse(["--phone", "auto", "--tunnel", tunnel.rawValue])
        #expect(options.tunnel == tunnel)
        #expect(options.tunnel.behaviour.rawValue == tunnel.rawValue)
    }
}
