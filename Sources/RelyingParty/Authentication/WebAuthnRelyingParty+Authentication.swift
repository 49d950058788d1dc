import CBOR
import Crypto
public import FoundationEssentials
public import WebAuthnModel

extension WebAuthnRelyingParty {
    /// Verifies an authentication (WebAuthn Level 3 §7.2 from step 5 on; the steps before it are the client's).
    ///
    /// - Parameters:
    ///   - response: what the client sent.
    ///   - ceremony: the ceremony of its challenge, redeemed.
    ///   - record: the record stored under `response.rawId`, whoever's it is, or `nil`.
    ///   - now: the time.
    /// - Returns: the record with its new state.
    public func verify(
        authentication response: AuthenticationResponse, for ceremony: Ceremony, record: CredentialRecord?, now: Date
    ) throws(AuthenticationError) -> AuthenticationResult {
        let clientDataJSON = response.response.clientDataJSON.bytes
        let authenticatorDataBytes = response.response.authenticatorData.bytes
        do throws(CeremonyError) {
            try checkEnvelope(
                id: response.id, rawID: response.rawId, type: response.type, of: ceremony, kind: .authentication,
                now: now)
        } catch {
            throw .ceremony(error)
        }
        // Steps 5 and 6: the credential is allowed, and its record is the account's.
        let record = try identify(response, ceremony: ceremony, record: record)
        // Step 7: the three parts, taken from the response as they are needed.
        let authenticatorData: AuthenticatorData
        do throws(CeremonyError) {
            // Steps 8–14: the client data.
            try checkClientData(clientDataJSON, type: CollectedClientData.getType, of: ceremony)
            // Steps 15–18: the authenticator data.
            authenticatorData = try Self.authenticatorData(authenticatorDataBytes)
            try checkAuthenticatorData(authenticatorData, of: ceremony)
        } catch {
            throw .ceremony(error)
        }
        // Step 19: backup eligibility is a property of the credential; the state may change and is recorded.
        let flags = authenticatorData.flags
        guard flags.contains(.backupEligible) == record.backupEligible else {
            throw .backupEligibilityChanged(
                registered: record.backupEligible, received: flags.contains(.backupEligible))
        }
        // Step 20: the hash of the client data.
        let clientDataHash = Array(SHA256.hash(data: clientDataJSON))
        // Step 21: the signature.
        let key = try verificationKey(of: record)
        do throws(SignatureError) {
            try key.verify(response.response.signature.bytes, over: authenticatorDataBytes + clientDataHash)
        } catch {
            throw .signature(error)
        }
        // Step 22: the counter; the policy for one that did not grow is to refuse.
        let counter = authenticatorData.signatureCounter
        if counter != 0 || record.signatureCounter != 0 {
            guard counter > record.signatureCounter else {
                throw .counterWentBackwards(stored: record.signatureCounter, received: counter)
            }
        }
        // Step 23: extension outputs. None was asked for; what comes unasked is ignored.
        // Step 24: update the record. uvInitialized stays: changing it takes another factor, which is not seen here.
        var updated = record
        updated.signatureCounter = counter
        updated.backupState = flags.contains(.backedUp)
        // Step 25: success; storing the record is the caller's part.
        return AuthenticationResult(record: updated, userVerified: flags.contains(.userVerified))
    }

    private func identify(
        _ response: AuthenticationResponse, ceremony: Ceremony, record: CredentialRecord?
    ) throws(AuthenticationError) -> CredentialRecord {
        // Step 5: allowCredentials.
        if !ceremony.allowedCredentialIDs.isEmpty {
            guard ceremony.allowedCredentialIDs.contains(response.rawId) else { throw .credentialNotAllowed }
        }
        // Step 6: the account.
        guard let record, record.id == response.rawId else { throw .credentialUnknown }
        if let userHandle = ceremony.userHandle {
            guard record.userHandle == userHandle else { throw .credentialOfOtherAccount }
        } else {
            guard response.response.userHandle != nil else { throw .userHandleMissing }
        }
        if let userHandle = response.response.userHandle {
            guard userHandle == record.userHandle else { throw .userHandleMismatch }
        }
        return record
    }

    private static func authenticatorData(_ bytes: [UInt8]) throws(CeremonyError) -> AuthenticatorData {
        do throws(AuthenticatorDataError) {
            return try AuthenticatorData(decoding: bytes)
        } catch {
            throw .authenticatorData(error)
        }
    }

    private func verificationKey(of record: CredentialRecord) throws(AuthenticationError) -> VerificationKey {
        do {
            return try VerificationKey(COSEKey(CBORDecoder.decode(record.publicKey.bytes)), verifiers: verifiers)
        } catch {
            throw .recordUnusable("\(error)")
        }
    }
}
