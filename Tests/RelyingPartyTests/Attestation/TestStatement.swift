import CBOR
import Crypto
import FoundationEssentials
import RelyingParty
import SwiftASN1
import Testing
import WebAuthnModel
import X509

/// The authority of the tests of all formats.
let testAuthority = Result { try TestAttestationAuthority() }

/// A credential, and what a statement about it is made over.
struct TestCredential: Sendable {
    var key: TestKey
    var clientDataHash = [UInt8](repeating: 0xCD, count: 32)
    var data: AuthenticatorData

    init(_ algorithm: COSEAlgorithm = .es256) throws {
        key = try TestKey.make(algorithm)
        data = AuthenticatorData(
            relyingPartyIDHash: Array(SHA256.hash(data: Array("portal.example".utf8))),
            flags: [.userPresent, .userVerified], signatureCounter: 0,
            attestedCredentialData: AttestedCredentialData(
                aaguid: testAAGUID, credentialID: [UInt8](repeating: 0xC1, count: 32), publicKey: try key.coseKey()))
    }

    var signedBytes: [UInt8] { data.encoded + clientDataHash }

    /// What a relying party has to judge.
    func attestation(_ format: AttestationFormat, _ statement: CBORValue) throws -> Attestation {
        Attestation(
            object: AttestationObject(format: format, statement: statement, authenticatorData: data.encoded),
            data: data, credential: try #require(data.attestedCredentialData), clientDataHash: clientDataHash,
            now: testNow)
    }
}

/// Expects that a statement is trusted with the test's root, and returns what is known about it.
@discardableResult func expectTrusted(
    _ attestation: Attestation, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> AttestationResult {
    let policy = AttestationPolicy(trustAnchors: [try testAuthority.get().certificate], requiresTrust: true)
    let result = try await policy.assess(attestation)
    #expect(result.trust.isTrusted, sourceLocation: sourceLocation)
    return result
}

/// Expects that a statement is refused, trust or no trust.
func expectRefused(
    _ attestation: Attestation, _ expected: AttestationError, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let root = try testAuthority.get().certificate
    for policy in [AttestationPolicy(), AttestationPolicy(trustAnchors: [root], requiresTrust: true)] {
        await #expect(throws: expected, sourceLocation: sourceLocation) { _ = try await policy.assess(attestation) }
    }
    #expect("\(expected)".count > 20)
}

/// The DER of a structure that is put together by hand.
func der(_ tag: [UInt8], _ parts: [UInt8]...) -> [UInt8] {
    let content = parts.flatMap { $0 }
    let length: [UInt8] =
        switch content.count {
        case ..<0x80: [UInt8(content.count)]
        case ..<0x100: [0x81, UInt8(content.count)]
        default: [0x82, UInt8(content.count >> 8), UInt8(content.count & 0xFF)]
        }
    return tag + length + content
}

/// A number of some bytes, big-endian.
func bigEndian(_ number: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * (count - 1 - $0))) }
}

/// Bytes behind their length in two bytes.
func sized(_ bytes: [UInt8]) -> [UInt8] { bigEndian(bytes.count, 2) + bytes }
