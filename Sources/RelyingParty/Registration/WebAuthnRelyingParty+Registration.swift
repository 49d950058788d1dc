import CBOR
import Crypto
public import FoundationEssentials
public import WebAuthnModel

extension WebAuthnRelyingParty {
    /// Verifies a registration (WebAuthn Level 3 §7.1 from step 5 on; the steps before it are the client's).
    ///
    /// - Parameters:
    ///   - response: what the client sent.
    ///   - ceremony: the ceremony of its challenge, redeemed.
    ///   - existing: the record stored under `response.rawId`, whoever's it is, or `nil`.
    ///   - now: the time, for the challenge and for certificates.
    /// - Returns: the record to store, and what is known about the authenticator.
    public func verify(
        registration response: RegistrationResponse, for ceremony: Ceremony, existing: CredentialRecord?, now: Date
    ) async throws(RegistrationError) -> RegistrationResult {
        let clientDataJSON = response.response.clientDataJSON.bytes
        do throws(CeremonyError) {
            try checkEnvelope(
                id: response.id, rawID: response.rawId, type: response.type, of: ceremony, kind: .registration,
                now: now)
            // Steps 5–11: the client data.
            try checkClientData(clientDataJSON, type: CollectedClientData.createType, of: ceremony)
        } catch {
            throw .ceremony(error)
        }
        guard let userHandle = ceremony.userHandle else { throw .accountMissing }
        // Step 12: the hash of the client data.
        let clientDataHash = Array(SHA256.hash(data: clientDataJSON))
        // Step 13: decode the attestation object. The copy in `response.authenticatorData` is not signed: ignored.
        let object = try Self.attestationObject(response.response.attestationObject.bytes)
        let authenticatorData = try readAuthenticatorData(object.authenticatorData, of: ceremony)
        guard let credential = authenticatorData.attestedCredentialData else { throw .credentialMissing }
        guard credential.credentialID == response.rawId.bytes else { throw .credentialIDMismatch }
        // Steps 18 and 19: backup eligibility and state are recorded; there is no policy about them.
        // Step 20: the algorithm was asked for. Beyond the step, the key must be one that can verify signatures.
        guard ceremony.algorithms.contains(credential.publicKey.algorithm) else {
            throw .algorithmNotOffered(credential.publicKey.algorithm, offered: ceremony.algorithms)
        }
        do throws(SignatureError) {
            _ = try VerificationKey(credential.publicKey, verifiers: verifiers)
        } catch {
            throw .publicKey(error)
        }
        // Steps 21–24: the attestation.
        let attestation: AttestationResult
        do throws(AttestationError) {
            attestation = try await attestationPolicy.assess(
                Attestation(
                    object: object, data: authenticatorData, credential: credential, clientDataHash: clientDataHash,
                    now: now, verifiers: verifiers))
        } catch {
            throw .attestation(error)
        }
        // Step 25: the length of the credential ID; reading authenticator data refuses more than 1023 bytes already.
        guard 1...1023 ~= credential.credentialID.count else {
            throw .credentialIDLength(credential.credentialID.count)
        }
        // Beyond the steps: what is kept and sent out with every later request stays small.
        let transports = response.response.transports ?? []
        guard transports.count <= 16, transports.allSatisfy({ $0.rawValue.utf8.count <= 32 }) else {
            throw .transports
        }
        // Step 26: not registered yet, for any user.
        guard existing == nil else { throw .credentialAlreadyRegistered }
        // Step 27: the credential record.
        let flags = authenticatorData.flags
        let record = CredentialRecord(
            id: credential.credentialID, userHandle: userHandle.bytes,
            publicKey: CBOREncoder.encode(credential.publicKey.cbor),
            signatureCounter: authenticatorData.signatureCounter, transports: transports,
            userVerificationInitialized: flags.contains(.userVerified),
            backupEligible: flags.contains(.backupEligible), backupState: flags.contains(.backedUp),
            aaguid: credential.aaguid, attestationObject: response.response.attestationObject.bytes,
            attestationClientDataJSON: clientDataJSON)
        // Step 28: extension outputs. Only credProps was asked for; what comes unasked is ignored.
        var isDiscoverable: Bool?
        if case .object(let properties) = response.clientExtensionResults["credProps"],
            case .boolean(let value) = properties["rk"]
        {
            isDiscoverable = value
        }
        // Step 29: success; storing the record is the caller's part.
        return RegistrationResult(
            record: record, attestation: attestation, userVerified: flags.contains(.userVerified),
            isDiscoverable: isDiscoverable)
    }

    private static func attestationObject(_ bytes: [UInt8]) throws(RegistrationError) -> AttestationObject {
        do throws(AttestationObjectError) {
            return try AttestationObject(decoding: bytes)
        } catch {
            throw .attestationObject(error)
        }
    }

    /// Steps 13 (the inner structure) to 17.
    private func readAuthenticatorData(
        _ bytes: [UInt8], of ceremony: Ceremony
    ) throws(RegistrationError) -> AuthenticatorData {
        let data: AuthenticatorData
        do throws(AuthenticatorDataError) {
            data = try AuthenticatorData(decoding: bytes)
        } catch {
            throw .ceremony(.authenticatorData(error))
        }
        do throws(CeremonyError) {
            try checkAuthenticatorData(data, of: ceremony)
        } catch {
            throw .ceremony(error)
        }
        return data
    }
}
