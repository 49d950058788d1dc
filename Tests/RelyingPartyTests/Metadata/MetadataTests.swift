import CBOR
import Crypto
import Fixtures
import FoundationEssentials
import RelyingParty
import SwiftASN1
import TestSupport
import Testing
import WebAuthnModel
import X509

@Suite("FIDO Metadata Service 3")
struct MetadataTests {
    /// A list as JSON.
    static func list(_ entries: [JSONValue], nextUpdate: String = "2030-01-01") -> [String: JSONValue] {
        [
            "legalHeader": .string("…"), "no": .number(7), "nextUpdate": .string(nextUpdate),
            "entries": .array(entries),
        ]
    }

    static func entry(
        aaguid: AAGUID? = testAAGUID, keyIdentifiers: [String]? = nil, roots: [String] = [],
        reports: [[String: String]] = [["status": "FIDO_CERTIFIED_L1"]]
    ) -> JSONValue {
        var members: [String: JSONValue] = [
            "metadataStatement": .object([
                "description": .string("Sample Key"),
                "attestationRootCertificates": .array(roots.map(JSONValue.string)),
            ]),
            "statusReports": .array(reports.map { .object($0.mapValues(JSONValue.string)) }),
            "timeOfLastStatusChange": .string("2026-01-01"),
        ]
        if let aaguid { members["aaguid"] = .string("\(aaguid)") }
        if let keyIdentifiers {
            members["attestationCertificateKeyIdentifiers"] = .array(keyIdentifiers.map(JSONValue.string))
        }
        return .object(members)
    }

    static func signed(
        _ list: [String: JSONValue], host: String = "mds.fidoalliance.org", change: (inout TestJWS) -> Void = { _ in }
    ) throws -> [UInt8] {
        var jws = TestJWS(payload: try Array(JSONEncoder().encode(list)))
        jws.host = host
        change(&jws)
        return try jws.encoded()
    }

    static func read(_ bytes: [UInt8], host: String? = MetadataBLOB.fidoAllianceHost) async throws -> MetadataBLOB {
        try await MetadataBLOB(verifying: bytes, root: testAuthority.get().certificate, host: host, now: testNow)
    }

    @Test("The specification's example is read")
    func example() async throws {
        let bytes = Array(try Fixtures.data("Attestation/metadata-example.jwt"))
        let root = try Certificate(derEncoded: Array(Fixtures.data("Attestation/metadata-example-root.der")))
        let now = Date(timeIntervalSince1970: 1_620_000_000)
        let list = try await MetadataBLOB(verifying: bytes, root: root, host: nil, now: now)
        #expect(list.number == 15)
        #expect(list.nextUpdate == "2020-03-30")
        #expect(list.entries.count == 2)
        #expect(list.problems == [.outdated(since: "2020-03-30")])
        let aaguid = try #require(AAGUID([UInt8](hex: "0132d110bf4e4208a403ab4f5f12efe5") ?? []))
        let entry = try #require(list.entry(for: aaguid))
        #expect(entry.description == "FIDO Alliance Sample FIDO2 Authenticator")
        #expect(entry.statusReports.map(\.status) == ["FIDO_CERTIFIED", "FIDO_CERTIFIED_L1"])
        #expect(entry.rootCertificates.count == 1)
        #expect(list.entry(for: .zero) == nil)
        // Its signer is for no host.
        await #expect(throws: MetadataError.self) {
            _ = try await MetadataBLOB(verifying: bytes, root: root, now: now)
        }
        var changed = bytes
        changed[bytes.count / 2] ^= 1
        await #expect(throws: MetadataError.self) {
            _ = try await MetadataBLOB(verifying: changed, root: root, host: nil, now: now)
        }
    }

    @Test("A list that another host, another root or another time vouches for is refused")
    func signer() async throws {
        let list = Self.list([Self.entry()])
        #expect(try await Self.read(Self.signed(list)).entries.count == 1)
        #expect(try await Self.read(Array(" \n".utf8) + Self.signed(list) + [0x0A]).entries.count == 1)
        for host in ["fidoalliance.org", "mds.fidoalliance.org.example", "evil-mds.fidoalliance.org"] {
            await #expect(throws: MetadataError.self) { _ = try await Self.read(Self.signed(list, host: host)) }
        }
        let bytes = try Self.signed(list)
        let stranger = try TestAttestationAuthority().certificate
        do {
            _ = try await MetadataBLOB(verifying: bytes, root: stranger, now: testNow)
            Issue.record("accepted")
        } catch .signer(let reason) {
            #expect(!reason.isEmpty)
        }
        await #expect(throws: MetadataError.self) {
            let root = try testAuthority.get().certificate
            _ = try await MetadataBLOB(verifying: bytes, root: root, now: testNow + 100_000)
        }
    }

    @Test("What is no list is refused, and the reason is a sentence")
    func refuses() async throws {
        let good = try Self.signed(Self.list([]))
        var spoilt: [([UInt8], MetadataError)] = [
            ([], .signature(.form)), (Array("a.b".utf8), .signature(.form)), (Array("..".utf8), .signature(.header)),
            (good + [UInt8(ascii: "=")], .signature(.form)),
        ]
        spoilt.append((try Self.signed([:]), .payload("it is not JSON with the members no, nextUpdate and entries")))
        spoilt.append((try Self.signed(Self.list([])) { $0.algorithm = "none" }, .signature(.algorithm("none"))))
        spoilt.append(
            (try Self.signed(Self.list([])) { $0.changeSignature = { $0.map { $0 ^ 1 } } }, .signature(.signature)))
        spoilt.append((try Self.signed(Self.list([])) { $0.chain = [] }, .signature(.certificates)))
        spoilt.append((try Self.signed(Self.list([])) { $0.header["crit"] = .array([]) }, .signature(.header)))
        for (bytes, expected) in spoilt {
            await #expect(throws: expected) { _ = try await Self.read(bytes) }
            #expect("\(expected)".count > 20)
        }
    }

    @Test("What cannot be read is reported, and the rest is used")
    func problems() async throws {
        let root = Data(try testAuthority.get().certificate.der).base64EncodedString()
        let entries: [JSONValue] = [
            Self.entry(roots: ["MAA=", root, "?"]), .string("no entry"), .object([:]),
            .object(["aaguid": .string("x"), "statusReports": .array([])]),
            Self.entry(aaguid: nil, keyIdentifiers: ["0g"]),
            Self.entry(aaguid: nil, keyIdentifiers: ["01fF"], roots: ["\n" + root]),
        ]
        let list = try await Self.read(Self.signed(Self.list(entries, nextUpdate: "2027-01-14")))
        #expect(
            list.problems == [
                .outdated(since: "2027-01-14"), .root(model: "Sample Key", index: 0),
                .root(model: "Sample Key", index: 2), .entry(1), .entry(2), .entry(3), .entry(4),
            ])
        #expect(list.problems.allSatisfy { "\($0)".count > 20 })
        #expect(list.entry(for: testAAGUID)?.rootCertificates.count == 1)
        #expect(list.entry(forKeyIdentifier: [0x01, 0xFF])?.rootCertificates.count == 1)
        #expect(try await Self.read(Self.signed(Self.list([], nextUpdate: "2027-01-15"))).problems.isEmpty)
    }

    /// A packed attestation by the test's authority.
    static func attestation() throws -> Attestation {
        let credential = try TestCredential()
        let key = try TestKey.make(.es256)
        let leaf = try testAuthority.get().issue(.init(), key: #require(key.certificateKey))
        let statement = packed(.es256, try key.sign(credential.signedBytes), x5c: [try leaf.der])
        return try credential.attestation(.packed, .map(statement))
    }

    static func policy(_ entry: MetadataEntry) -> AttestationPolicy {
        AttestationPolicy(
            metadata: MetadataBLOB(number: 1, nextUpdate: "2030-01-01", entries: [entry]), requiresTrust: true)
    }

    @Test("The roots of the model are trust anchors for the model, and for no other")
    func roots() async throws {
        let root = try testAuthority.get().certificate
        let reports = [
            MetadataStatusReport(status: "FIDO_CERTIFIED"), MetadataStatusReport(status: "UPDATE_AVAILABLE"),
        ]
        let entry = MetadataEntry(
            aaguid: testAAGUID, description: "Sample", statusReports: reports, rootCertificates: [root])
        let result = try await Self.policy(entry).assess(Self.attestation())
        #expect(result.trust.isTrusted)
        #expect(result.aaguid == testAAGUID)
        #expect(result.model == AuthenticatorModel(description: "Sample", status: "UPDATE_AVAILABLE"))
        let other = MetadataEntry(
            aaguid: AAGUID(UUID()), description: "Other",
            statusReports: reports, rootCertificates: [root])
        await #expect(throws: AttestationError.untrusted("no trust anchors are set")) {
            _ = try await Self.policy(other).assess(Self.attestation())
        }
    }

    @Test("A U2F authenticator is found by its certificate's key, whatever AAGUID is claimed: nothing signs that")
    func keyIdentifier() async throws {
        let root = try testAuthority.get().certificate
        var attestation = try FIDOU2FAttestationTests().attestation()
        let point = try P256.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 7, count: 32)).publicKey
        let entry = MetadataEntry(
            aaguid: nil, keyIdentifiers: [Array(Insecure.SHA1.hash(data: point.x963Representation))],
            description: "U2F key", statusReports: [], rootCertificates: [root])
        let policy = Self.policy(entry)
        #expect(attestation.credential.aaguid != .zero)
        #expect(try await policy.assess(attestation).model?.description == "U2F key")
        let credential = AttestedCredentialData(
            aaguid: .zero, credentialID: attestation.credential.credentialID,
            publicKey: attestation.credential.publicKey)
        attestation = Attestation(
            object: attestation.object, data: attestation.data, credential: credential,
            clientDataHash: attestation.clientDataHash, now: testNow)
        #expect(try await policy.assess(attestation).model?.description == "U2F key")
    }

    @Test(
        "A model that is reported as compromised is refused, trusted or not",
        arguments: [
            "USER_VERIFICATION_BYPASS", "ATTESTATION_KEY_COMPROMISE", "USER_KEY_REMOTE_COMPROMISE",
            "USER_KEY_PHYSICAL_COMPROMISE", "REVOKED",
        ])
    func compromised(status: String) async throws {
        let root = try testAuthority.get().certificate
        func assess(_ report: MetadataStatusReport, trusting: Bool = true) async throws -> AttestationResult {
            let entry = MetadataEntry(
                aaguid: testAAGUID, description: "Sample",
                statusReports: [report, MetadataStatusReport(status: "UPDATE_AVAILABLE")],
                rootCertificates: trusting ? [root] : [])
            let list = MetadataBLOB(number: 1, nextUpdate: "2030-01-01", entries: [entry])
            return try await AttestationPolicy(metadata: list, requiresTrust: trusting).assess(Self.attestation())
        }
        let expected = AttestationError.compromised(AuthenticatorModel(description: "Sample", status: status))
        #expect("\(expected)".contains(status))
        for trusting in [true, false] {
            await #expect(throws: expected) {
                _ = try await assess(MetadataStatusReport(status: status), trusting: trusting)
            }
        }
        // From its date on, which is the day of the test …
        await #expect(throws: expected) {
            _ = try await assess(MetadataStatusReport(status: status, effectiveDate: "2027-01-15"))
        }
        #expect(try await assess(.init(status: status, effectiveDate: "2027-01-16")).trust.isTrusted)
        // … and for its certificate, where it is about one.
        #expect(try await assess(.init(status: status, certificate: [1])).trust.isTrusted)
        guard case .certified(_, let chain, _) = try await assess(.init(status: "NONE")).trust else {
            Issue.record("not certified")
            return
        }
        let entry = MetadataEntry(
            aaguid: testAAGUID, description: "Sample",
            statusReports: [.init(status: status, certificate: chain.first)], rootCertificates: [])
        #expect(entry.compromise(of: chain, now: testNow)?.status == status)
    }

    @Test("What a record was registered with is looked at again, with today's status of the model")
    func again() async throws {
        var authenticator = try TestAuthenticator()
        let key = authenticator.key
        authenticator.attest = { (.packed, packed(.es256, try key.sign($0))) }
        let reports = [MetadataStatusReport(status: "REVOKED", effectiveDate: "2027-02-01")]
        let entry = MetadataEntry(
            aaguid: testAAGUID, description: "Sample", statusReports: reports, rootCertificates: [])
        let party = try makeRelyingParty(
            policy: AttestationPolicy(metadata: MetadataBLOB(number: 1, nextUpdate: "2030-01-01", entries: [entry])))
        var record = try await party.verify(
            registration: authenticator.register(party.registration()), for: party.registration(), existing: nil,
            now: testNow
        ).record
        let result = try await party.attestation(of: record, registeredAt: testNow, now: testNow)
        #expect(result?.trust == .selfAttested)
        #expect(result?.model?.description == "Sample")
        await #expect(throws: AttestationError.compromised(entry.model)) {
            _ = try await party.attestation(of: record, registeredAt: testNow, now: testNow + 30 * 86_400)
        }
        record.attestationClientDataJSON?.bytes.append(0)
        await #expect(throws: AttestationError.signature(.invalidSignature)) {
            _ = try await party.attestation(of: record, registeredAt: testNow, now: testNow)
        }
        record.attestationObject?.bytes.append(0)
        #expect(try await party.attestation(of: record, registeredAt: testNow, now: testNow) == nil)
        record.attestationObject = nil
        #expect(try await party.attestation(of: record, registeredAt: testNow, now: testNow) == nil)
    }
}
