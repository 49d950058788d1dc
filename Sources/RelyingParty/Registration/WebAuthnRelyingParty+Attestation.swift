import Crypto
public import FoundationEssentials
import WebAuthnModel

extension WebAuthnRelyingParty {
    /// Looks again at the attestation that a credential was registered with: roots and metadata may have changed.
    ///
    /// - Parameters:
    ///   - record: the credential's record.
    ///   - time: when it was registered, for certificates.
    ///   - now: the time whose status of the model counts.
    /// - Returns: what the attestation says; `nil` when the record does not have one that can be read.
    public func attestation(
        of record: CredentialRecord, registeredAt time: Date, now: Date
    ) async throws(AttestationError) -> AttestationResult? {
        guard let encoded = record.attestationObject, let clientData = record.attestationClientDataJSON else {
            return nil
        }
        let object: AttestationObject
        let data: AuthenticatorData
        do {
            object = try AttestationObject(decoding: encoded.bytes)
            data = try AuthenticatorData(decoding: object.authenticatorData)
        } catch {
            return nil
        }
        guard let credential = data.attestedCredentialData else { return nil }
        return try await attestationPolicy.assess(
            Attestation(
                object: object, data: data, credential: credential,
                clientDataHash: Array(SHA256.hash(data: clientData.bytes)), now: time,
                verifiers: verifiers),
            statusAt: now)
    }
}
