import Foundation
import Testing

/// A key of a udev rule with its operator and value, for example `SUBSYSTEM=="hidraw"`.
private struct Token: Hashable {
    var key: String
    var attribute: String?
    var comparison: String
    var value: String

    /// Keys that udev(7) knows, with the operators that each allows.
    static let matching = ["==", "!="]
    static let assigning = ["=", "+=", "-=", ":="]
    static let operators: [String: [String]] = [
        "ACTION": matching, "DEVPATH": matching, "KERNEL": matching, "KERNELS": matching, "SUBSYSTEM": matching,
        "SUBSYSTEMS": matching, "DRIVERS": matching, "ATTRS": matching, "TEST": matching,
        "ATTR": matching + assigning, "ENV": matching + assigning, "TAG": matching + assigning,
        "IMPORT": assigning + matching, "GROUP": assigning, "OWNER": assigning, "MODE": assigning,
        "SYMLINK": matching + assigning, "OPTIONS": assigning, "RUN": assigning, "LABEL": ["="], "GOTO": ["="],
    ]

    init?(_ text: Substring) {
        let expression = #/([A-Z]+)(?:\{([^}]+)\})?(==|!=|\+=|-=|:=|=)"([^"]*)"/#
        guard let match = text.wholeMatch(of: expression) else { return nil }
        key = String(match.1)
        attribute = match.2.map(String.init)
        comparison = String(match.3)
        value = String(match.4)
    }
}

@Suite struct UdevRulesTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "udev-rules")

    /// The rules of a file: what is neither blank nor a comment, split at commas outside of quotes.
    private func rules(_ name: String) throws -> [[Token]] {
        let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
        return try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            try line.matches(of: #/[A-Z]+(?:\{[^}]*\})?[=!+:-]+"[^"]*"(?:,\s*|$)|.+/#).map { match in
                let part = String(match.0).replacing(#/,\s*$/#, with: "")
                return try #require(Token(part[...]), "not a udev token: \(part)")
            }
        }
    }

    @Test("There is a rules file, and its number comes before systemd's 73-seat-late.rules")
    func names() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(!files.isEmpty)
        for file in files {
            #expect(file.hasSuffix(".rules"))
            let number = try #require(Int(file.prefix(2)))
            #expect(number < 73, "uaccess tags set later have no effect")
        }
    }

    @Test("Every rule consists of keys and operators that udev knows")
    func grammar() throws {
        for token in try rules("70-aikagi.rules").flatMap({ $0 }) {
            let allowed = try #require(Token.operators[token.key], "unknown key \(token.key)")
            #expect(allowed.contains(token.comparison), "\(token)")
            #expect(["ENV", "ATTR", "ATTRS", "IMPORT"].contains(token.key) == (token.attribute != nil), "\(token)")
        }
    }

    @Test("FIDO devices and uhid are given to the user at the seat, to nobody else in the world")
    func access() throws {
        let granting = try rules("70-aikagi.rules").filter { $0.contains { $0.key == "MODE" } }
        #expect(granting.count == 2)
        for rule in granting {
            #expect(rule.contains { $0.key == "TAG" && $0.comparison == "+=" && $0.value == "uaccess" })
            #expect(rule.contains { $0.key == "MODE" && $0.value == "0660" })
            #expect(
                rule.contains { Token.matching.contains($0.comparison) }, "a rule without a match hits every device")
        }
        #expect(granting.contains { $0.contains { $0.attribute == "ID_FIDO_TOKEN" && $0.value == "1" } })
        #expect(granting.contains { $0.contains { $0.key == "KERNEL" && $0.value == "uhid" } })
    }
}
