import Crypto
import FoundationEssentials
import WebAuthnModel

extension WebAuthnRelyingParty {
    /// Checks what precedes the numbered steps: the envelope, and that the ceremony is of this kind and still valid.
    func checkEnvelope(
        id: Base64URLString, rawID: Base64URLString, type: String, of ceremony: Ceremony, kind: Ceremony.Kind,
        now: Date
    ) throws(CeremonyError) {
        guard ceremony.kind == kind else { throw .ceremonyKind(expected: kind, got: ceremony.kind) }
        guard now < ceremony.expires else { throw .challengeExpired }
        guard id == rawID else { throw .idMismatch }
        guard type == publicKeyCredentialType else { throw .credentialType(type) }
    }

    /// The steps about client data (§7.1 steps 5–11, §7.2 steps 8–14); the numbers are those of §7.1.
    func checkClientData(_ json: [UInt8], type: String, of ceremony: Ceremony) throws(CeremonyError) {
        // Steps 5 and 6: decode UTF-8, parse JSON.
        let clientData = try Self.clientData(json)
        // Step 7: the type.
        guard clientData.type == type else { throw .clientDataType(expected: type, got: clientData.type) }
        // Step 8: the challenge.
        guard clientData.challenge == ceremony.challenge else { throw .challengeMismatch }
        // Step 9: the origin, exactly (§13.4.9).
        guard origins.contains(clientData.origin) || relatedOrigins.contains(clientData.origin) else {
            throw .origin(expected: origins.union(relatedOrigins).sorted(), got: clientData.origin)
        }
        // Step 10: a cross-origin frame only where embedding is expected.
        if clientData.crossOrigin == true {
            guard !topOrigins.isEmpty else { throw .crossOrigin }
        }
        // Step 11: the top origin, if the client names it.
        if let topOrigin = clientData.topOrigin {
            guard !topOrigins.isEmpty else { throw .crossOrigin }
            guard topOrigins.contains(topOrigin) else {
                throw .topOrigin(expected: topOrigins.sorted(), got: topOrigin)
            }
        }
    }

    /// The steps about authenticator data (§7.1 steps 14–17, §7.2 steps 15–18); the numbers are those of §7.1.
    func checkAuthenticatorData(_ data: AuthenticatorData, of ceremony: Ceremony) throws(CeremonyError) {
        // Step 14: the RP ID.
        guard data.relyingPartyIDHash == Array(SHA256.hash(data: Array(id.utf8))) else {
            throw .relyingPartyID(expected: id, hash: data.relyingPartyIDHash)
        }
        // Step 15: UP. Conditional creation, which needs none, is not offered.
        guard data.flags.contains(.userPresent) else { throw .userNotPresent }
        // Step 16: UV, if required.
        if ceremony.userVerification == .required {
            guard data.flags.contains(.userVerified) else { throw .userNotVerified }
        }
        // Step 17: no BS without BE.
        if data.flags.contains(.backedUp) {
            guard data.flags.contains(.backupEligible) else { throw .backupStateWithoutEligibility }
        }
    }
}
