import Crypto
import FoundationEssentials
import SwiftASN1
public import WebAuthnModel
import X509

/// Attestation statement format `android-safetynet` (WebAuthn Level 3 §8.5): `{"ver": text, "response": bytes}`.
///
/// Google ended the service in 2025; statements of it are found in records, and in tests with roots of their own.
public struct AndroidSafetyNetAttestationFormat: AttestationStatementFormat {
    /// The members of the payload that are looked at.
    private struct Payload: Decodable {
        var nonce: String
        var timestampMs: Double
        var ctsProfileMatch: Bool
        var basicIntegrity: Bool
    }

    private let maximumAge: Duration

    /// The format.
    ///
    /// - Parameter maximumAge: how long ago the response may have been made, and how far ahead its clock may be.
    public init(maximumAge: Duration = .seconds(60)) { self.maximumAge = maximumAge }

    /// `android-safetynet`.
    public var identifier: AttestationFormat { .androidSafetyNet }

    private static let host = "attest.android.com"

    /// The verification procedure of §8.5.
    public func verify(_ attestation: Attestation) throws(AttestationError) -> AttestationEvidence {
        // The statement has exactly the format's members.
        let statement = try AttestationStatement(attestation, members: ["ver", "response"])
        guard try !statement.text("ver").isEmpty else { throw .defect(.safetyNetVersion) }
        let response = try statement.bytes("response")
        // The response is one of the service: a JWS …
        let jws: CompactJWS
        let payload: Payload
        do {
            jws = try CompactJWS(response)
            payload = try JSONDecoder().decode(Payload.self, from: Data(jws.payload))
        } catch {
            throw .defect(.safetyNetResponse)
        }
        // … about this authenticator data and client data …
        let nonce = Data(SHA256.hash(data: attestation.signedBytes)).base64EncodedString()
        guard payload.nonce == nonce else { throw .defect(.safetyNetNonce) }
        // … that was signed by the service's host; whether its chain can be trusted is the policy's question …
        guard let leaf = jws.chain.first, Self.isForHost(leaf) else { throw .defect(.safetyNetHost) }
        do throws(JWSError) {
            try jws.verify()
        } catch {
            throw .defect(.safetyNetSignature)
        }
        // … that finds the device unaltered …
        guard payload.basicIntegrity, payload.ctsProfileMatch else { throw .defect(.safetyNetIntegrity) }
        // … and that is fresh.
        let age = attestation.now.timeIntervalSince1970 - payload.timestampMs / 1000
        guard abs(age) <= maximumAge / .seconds(1) else { throw .defect(.safetyNetTime) }
        return .certified(
            AttestationTrustPath(
                type: .basic, chain: jws.chain, understoodExtensions: [.X509ExtensionID.subjectAlternativeName]))
    }

    private static func isForHost(_ leaf: Certificate) -> Bool {
        do {
            return try leaf.extensions.subjectAlternativeNames?.contains(.dnsName(host)) == true
        } catch {
            return false
        }
    }
}
