import Fixtures
import FoundationEssentials
import RelyingParty
import SwiftASN1
import Testing
import WebAuthnModel
import X509

@Suite("Attestations of real authenticators")
struct CaptureTests {
    /// See Fixtures/Attestation/README.md.
    struct Capture: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let source: String
        let format: String
        let attestationObject: Base64URLString
        let clientDataHash: Base64URLString
        let time: Double
        let root: Base64URLString?

        var testDescription: String { "\(format), \(name)" }

        func attestation(changingLastByteOfHash isChanged: Bool = false) throws -> Attestation {
            let object = try AttestationObject(decoding: attestationObject.bytes)
            let data = try AuthenticatorData(decoding: object.authenticatorData)
            var hash = clientDataHash.bytes
            if isChanged { hash[31] ^= 1 }
            return Attestation(
                object: object, data: data, credential: try #require(data.attestedCredentialData),
                clientDataHash: hash, now: Date(timeIntervalSince1970: time))
        }
    }

    private struct File: Decodable { let captures: [Capture] }

    static let captures: [Capture] = {
        do {
            return try JSONDecoder().decode(File.self, from: Fixtures.data("Attestation/captures.json")).captures
        } catch {
            Issue.record(error)
            return []
        }
    }()

    @Test("They are correct, and trusted where their root is known", arguments: captures)
    func accepts(capture: Capture) async throws {
        let attestation = try capture.attestation()
        let roots = try [capture.root].compactMap { try $0.map { try Certificate(derEncoded: $0.bytes) } }
        let result = try await AttestationPolicy(trustAnchors: roots).assess(attestation)
        #expect(result.format.rawValue == capture.format)
        #expect(result.trust.isTrusted == (capture.root != nil), "\(result.trust)")
    }

    @Test(
        "About other client data they are incorrect",
        arguments: captures.filter { $0.format != "none" })
    func refuses(capture: Capture) async throws {
        await #expect(throws: AttestationError.self) {
            _ = try await AttestationPolicy().assess(capture.attestation(changingLastByteOfHash: true))
        }
    }

    @Test("There are some of every format that is in use")
    func formats() {
        let formats = Set(Self.captures.map(\.format))
        #expect(formats == ["none", "packed", "tpm", "android-key", "android-safetynet", "fido-u2f", "apple"])
    }
}
