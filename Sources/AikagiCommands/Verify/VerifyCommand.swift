import ArgumentParser
import FoundationEssentials
import WebAuthnModel

/// `aikagi verify`.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify ceremonies from files, as a relying party does.",
        discussion: """
            A file is one ceremony, or an array of them, as JSON: kind ("registration" or "authentication"), rpId, \
            origin, challenge, options and response (WebAuthn's JSON), and besides, where needed: credentialPublicKey \
            (the COSE key of an authentication, else the one that an earlier file registered), signatureCounter, \
            backupEligible and userHandle of its record, attestationRoot (PEM), time (seconds since 1970). \
            `aikagi demo --report DIR` leaves such files in DIR/ceremonies. What the portal's pages offer for a bug report \
            is taken, too: there each passkey must have been registered in the same tab.

            Examples:
              aikagi verify report/ceremonies/2-1.3-registration.json
              aikagi verify --json --trust-roots roots.pem -
              aikagi verify webauthn-ceremonies.json

            Prints what was found; exit status 1 if any ceremony is refused, and the line says why.
            """)

    @Argument(help: ArgumentHelp("Files with ceremonies (- for standard input), in order.", valueName: "file"))
    var files: [String]

    @OptionGroup var attestation: AttestationTrustOptions

    @Flag(
        help: ArgumentHelp(
            "Refuse registrations whose attestation does not lead to a trusted root.",
            discussion: "Of --trust-roots or the metadata: a file cannot vouch for itself."))
    var requireTrust = false

    @Flag(help: "Print the verdicts as JSON Lines.")
    var json = false

    private struct Line: Encodable {
        var file: String
        var index: Int
        var verdict: CeremonyVerifier.Verdict

        func encode(to encoder: any Encoder) throws {
            try verdict.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(file, forKey: .file)
            try container.encode(index, forKey: .index)
        }

        private enum CodingKeys: String, CodingKey { case file, index }
    }

    func run() async throws { try await runInterruptibly(verifyAll) }

    private func verifyAll() async throws {
        var refused = 0
        var verifier = CeremonyVerifier(policy: try await attestation.policy(), requiresTrust: requireTrust)
        for file in files {
            let ceremonies = try await Self.ceremonies(file)
            guard !ceremonies.isEmpty else { throw CommandFailure("'\(file)' holds no ceremonies") }
            for (index, ceremony) in ceremonies {
                let verdict = await verifier.verify(ceremony)
                if !verdict.accepted { refused += 1 }
                show(Line(file: file, index: index, verdict: verdict))
            }
        }
        guard refused == 0 else {
            throw CommandFailure(refused == 1 ? "a ceremony was refused" : "\(refused) ceremonies were refused")
        }
    }

    private func show(_ line: Line) {
        guard !json else { return Console.standard.json(line) }
        let verdict = line.verdict
        let name = line.index == 0 ? line.file : "\(line.file) [\(line.index)]"
        guard verdict.accepted else {
            return Console.standard.result("refused   \(name)  \(verdict.kind): \(verdict.error ?? "")")
        }
        let attestation = verdict.format.map { format in
            ", attestation \(format): \(verdict.trust ?? "")" + (verdict.model.map { " (\($0))" } ?? "")
        }
        Console.standard.result(
            "accepted  \(name)  \(verdict.kind), user \(verdict.userVerified == true ? "verified" : "present")"
                + (attestation ?? ""))
    }

    /// The ceremonies of a file, each with its place there.
    private static func ceremonies(_ path: String) async throws -> [(index: Int, ceremony: CeremonyRecord)] {
        let bytes = Data(try await InputFile.read(path, limit: 64 << 20))
        do {
            // One object, or an array.
            if bytes.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "[") {
                return Array(try JSONDecoder().decode([CeremonyRecord].self, from: bytes).enumerated())
                    .map { ($0.offset, $0.element) }
            }
            guard try JSONDecoder().decode([String: JSONValue].self, from: bytes)["ceremonies"] != nil else {
                return [(0, try JSONDecoder().decode(CeremonyRecord.self, from: bytes))]
            }
            return try JSONDecoder().decode(CeremonyDownload.self, from: bytes).ceremonies.enumerated()
                .compactMap { index, attempt in
                    guard let record = attempt.record else {
                        let reason = attempt.failure.map { " (\($0.name))" } ?? ""
                        Console.standard.note("ceremony \(index) of '\(path)' has no response\(reason)")
                        return nil
                    }
                    return (index, record)
                }
        } catch let error as DecodingError {
            throw CommandFailure("'\(path)' holds no ceremonies: \(error.sentence)")
        }
    }
}
