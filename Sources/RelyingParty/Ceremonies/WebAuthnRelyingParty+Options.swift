public import FoundationEssentials
public import WebAuthnModel

extension WebAuthnRelyingParty {
    /// Begins a registration (WebAuthn Level 3 §7.1 step 1).
    ///
    /// - Parameters:
    ///   - user: the account; its `id` is the user handle, 1 to 64 bytes that say nothing about the person.
    ///   - records: the account's credentials, whose authenticators are not to be registered again.
    ///   - selection: which authenticators may be used; by default the credential has to be discoverable.
    ///   - hints: what kind of authenticator to offer first.
    ///   - now: the time.
    ///   - generator: where the challenge comes from; outside of tests the system's generator.
    /// - Returns: the options for the client, and the ceremony to store under its challenge.
    public func registrationOptions(
        for user: PublicKeyCredentialUserEntity, excluding records: [CredentialRecord],
        selection: AuthenticatorSelectionCriteria? = nil, hints: [String]? = nil, now: Date,
        using generator: inout some RandomNumberGenerator
    ) -> (options: PublicKeyCredentialCreationOptions, ceremony: Ceremony) {
        var selection = selection ?? AuthenticatorSelectionCriteria(residentKey: .required)
        let userVerification = selection.userVerification ?? userVerification
        selection.userVerification = userVerification
        let challenge = Self.challenge(using: &generator)
        let ceremony = Ceremony(
            kind: .registration, challenge: challenge, expires: expiry(from: now), userHandle: user.id.bytes,
            userVerification: userVerification, algorithms: algorithms)
        let formats = attestationPolicy.formats.map(\.identifier.rawValue)
        let options = PublicKeyCredentialCreationOptions(
            rp: PublicKeyCredentialRelyingPartyEntity(id: id, name: name), user: user, challenge: challenge,
            pubKeyCredParams: algorithms.map(PublicKeyCredentialParameters.init), timeout: timeout,
            excludeCredentials: records.map(\.descriptor), authenticatorSelection: selection, hints: hints,
            attestation: attestation.rawValue, attestationFormats: attestation == .none ? nil : formats,
            extensions: ["credProps": .boolean(true)])
        return (options, ceremony)
    }

    /// Begins an authentication (WebAuthn Level 3 §7.2 step 1).
    ///
    /// - Parameters:
    ///   - userHandle: the account, when it is already identified, for example by a password.
    ///   - records: the credentials that may be used; none means any discoverable one.
    ///   - userVerification: whether the user must be verified; the relying party's setting when absent.
    ///   - hints: what kind of authenticator to offer first.
    ///   - now: the time.
    ///   - generator: where the challenge comes from; outside of tests the system's generator.
    /// - Returns: the options for the client, and the ceremony to store under its challenge.
    public func authenticationOptions(
        for userHandle: [UInt8]? = nil, allowing records: [CredentialRecord] = [],
        userVerification: Requirement? = nil, hints: [String]? = nil, now: Date,
        using generator: inout some RandomNumberGenerator
    ) -> (options: PublicKeyCredentialRequestOptions, ceremony: Ceremony) {
        let userVerification = userVerification ?? self.userVerification
        let challenge = Self.challenge(using: &generator)
        let ceremony = Ceremony(
            kind: .authentication, challenge: challenge, expires: expiry(from: now), userHandle: userHandle,
            allowedCredentialIDs: records.map(\.id.bytes), userVerification: userVerification)
        let options = PublicKeyCredentialRequestOptions(
            challenge: challenge, timeout: timeout, rpId: id, allowCredentials: records.map(\.descriptor),
            userVerification: userVerification, hints: hints)
        return (options, ceremony)
    }

    /// 32 random bytes, twice what §13.4.3 asks for.
    private static func challenge(using generator: inout some RandomNumberGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<4 {
            let word: UInt64 = generator.next()
            for shift in stride(from: 0, to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return bytes
    }

    private func expiry(from now: Date) -> Date { now.addingTimeInterval(challengeLifetime / .seconds(1)) }

    /// The lifetime in milliseconds.
    private var timeout: Double { challengeLifetime / .milliseconds(1) }
}
