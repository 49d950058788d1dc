import Foundation
import RelyingParty
import SupplementaryKeys
import WebAuthnModel
import X509

/// Verifies ceremonies from files, and remembers the credentials that they registered.
struct CeremonyVerifier {
    /// Which attestation is trusted.
    let policy: AttestationPolicy
    /// Whether registrations without trusted attestation are refused.
    let requiresTrust: Bool
    private var records: [Base64URLString: CredentialRecord] = [:]

    init(policy: AttestationPolicy, requiresTrust: Bool) {
        self.policy = policy
        self.requiresTrust = requiresTrust
    }

    /// What the verification found.
    struct Verdict: Encodable, Sendable {
        var kind: String
        var accepted = true
        var userVerified: Bool?
        var format: String?
        var trust: String?
        var aaguid: String?
        var model: String?
        var error: String?
    }

    /// A login with a credential of which nothing is known: no check would tell anything.
    private struct UnregisteredCredential: Error, CustomStringConvertible {
        var description: String {
            "the file has no registration of this credential; register and log in in the same tab"
        }
    }

    /// Verifies one ceremony.
    mutating func verify(_ ceremony: CeremonyRecord) async -> Verdict {
        do {
            switch ceremony.kind {
            case .registration: return try await verifyRegistration(ceremony)
            case .authentication: return try verifyAuthentication(ceremony)
            }
        } catch {
            return Verdict(kind: ceremony.kind.rawValue, accepted: false, error: "\(error)")
        }
    }

    private mutating func verifyRegistration(_ ceremony: CeremonyRecord) async throws -> Verdict {
        let now = try Self.moment(of: ceremony)
        var anchors = policy.trustAnchors
        if !requiresTrust, let root = ceremony.attestationRoot {
            guard let list = CertificateList(reading: Array(root.utf8)), list.unreadable.isEmpty else {
                throw CommandFailure("attestationRoot is no certificate in PEM")
            }
            anchors += list.certificates
        }
        let algorithms = ceremony.options.pubKeyCredParams?.map(\.alg) ?? [.es256, .rs256]
        let party = try WebAuthnRelyingParty(
            id: ceremony.rpId, name: ceremony.rpId, origins: [ceremony.origin], verifiers: .all,
            attestationPolicy: AttestationPolicy(
                trustAnchors: anchors, metadata: policy.metadata,
                requiresTrust: requiresTrust || ceremony.attestationRoot != nil))
        let response = try WebAuthnRelyingParty.registrationResponse(json: Self.json(ceremony.response))
        let result = try await party.verify(
            registration: response,
            for: Ceremony(
                kind: .registration, challenge: ceremony.challenge.bytes, expires: Self.expiry(of: now),
                userHandle: ceremony.options.user?.id.bytes ?? [0],
                userVerification: ceremony.options.authenticatorSelection?.userVerification ?? .preferred,
                algorithms: algorithms),
            existing: records[response.rawId], now: now)
        records[result.record.id] = result.record
        let attestation = result.attestation
        return Verdict(
            kind: "registration", userVerified: result.userVerified, format: attestation.format.rawValue,
            trust: attestation.trust.description, aaguid: "\(attestation.aaguid)",
            model: attestation.model?.description)
    }

    private mutating func verifyAuthentication(_ ceremony: CeremonyRecord) throws -> Verdict {
        let now = try Self.moment(of: ceremony)
        let party = try WebAuthnRelyingParty(
            id: ceremony.rpId, name: ceremony.rpId, origins: [ceremony.origin], verifiers: .all)
        let response = try WebAuthnRelyingParty.authenticationResponse(json: Self.json(ceremony.response))
        let record = try ceremony.credentialPublicKey.map {
            try Self.record(of: ceremony, response, publicKey: $0)
        }
        let known = record ?? records[response.rawId]
        guard let known else { throw UnregisteredCredential() }
        let allowed = ceremony.options.allowCredentials?.map(\.id.bytes) ?? []
        let result = try party.verify(
            authentication: response,
            for: Ceremony(
                kind: .authentication, challenge: ceremony.challenge.bytes, expires: Self.expiry(of: now),
                // With a list of credentials the account was known before.
                userHandle: allowed.isEmpty ? nil : known.userHandle.bytes, allowedCredentialIDs: allowed,
                userVerification: ceremony.options.userVerification ?? .preferred),
            record: known, now: now)
        records[result.record.id] = result.record
        return Verdict(kind: "authentication", userVerified: result.userVerified)
    }

    /// When a ceremony was, or now; certificates know the years up to 9999 only.
    private static func moment(of ceremony: CeremonyRecord) throws -> Date {
        guard let time = ceremony.time else { return Date() }
        guard (0..<253_402_300_800).contains(time) else {
            throw CommandFailure("time is not in seconds since 1970")
        }
        return Date(timeIntervalSince1970: time)
    }

    /// A challenge in a file is good whenever it was answered; `Date.distantFuture` is long past in 9999.
    private static func expiry(of moment: Date) -> Date { moment.addingTimeInterval(1) }

    /// The record of a credential that the file describes.
    private static func record(
        of ceremony: CeremonyRecord, _ response: AuthenticationResponse, publicKey: Base64URLString
    ) throws -> CredentialRecord {
        let data = try? AuthenticatorData(decoding: response.response.authenticatorData.bytes)  // refused later
        let flags = data?.flags ?? []
        return CredentialRecord(
            id: response.rawId.bytes, userHandle: (ceremony.userHandle ?? response.response.userHandle)?.bytes ?? [0],
            publicKey: publicKey.bytes, signatureCounter: ceremony.signatureCounter ?? 0, transports: [],
            userVerificationInitialized: flags.contains(.userVerified),
            backupEligible: ceremony.backupEligible ?? flags.contains(.backupEligible),
            backupState: flags.contains(.backedUp), aaguid: .zero)
    }

    private static func json(_ value: JSONValue) throws -> [UInt8] { Array(try JSONEncoder().encode(value)) }
}
