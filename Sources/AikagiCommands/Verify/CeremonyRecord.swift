import FoundationEssentials
import WebAuthnModel

/// A ceremony in a file: what the relying party asked for, what came back, and what a verifier has to know besides.
///
/// `aikagi demo --report` leaves such files (``CeremonyFile``).
struct CeremonyRecord: Decodable, Sendable {
    /// The two kinds.
    enum Kind: String, Decodable, Sendable {
        case registration, authentication
    }

    /// Which ceremony.
    let kind: Kind
    /// The RP ID.
    let rpId: String
    /// The page's origin.
    let origin: String
    /// The challenge.
    let challenge: Base64URLString
    /// The options, as far as they matter to the verification.
    let options: Options
    /// The response, `RegistrationResponseJSON` or `AuthenticationResponseJSON`.
    let response: JSONValue
    /// The credential public key (COSE_Key) of an authentication; else that of an earlier registration.
    let credentialPublicKey: Base64URLString?
    /// With `credentialPublicKey`: the counter of the ceremony before; 0 when absent.
    let signatureCounter: UInt32?
    /// With `credentialPublicKey`: BE at registration; what the response says when absent.
    let backupEligible: Bool?
    /// With `credentialPublicKey`: the account's user handle; what the response says when absent.
    let userHandle: Base64URLString?
    /// The certificate that the attestation chain must end in (PEM).
    let attestationRoot: String?
    /// When it was, in seconds since 1970; now, when absent.
    let time: Double?

    /// The members of options that the verification looks at.
    struct Options: Decodable, Sendable {
        struct User: Decodable, Sendable { let id: Base64URLString }
        let user: User?
        let pubKeyCredParams: [PublicKeyCredentialParameters]?
        let authenticatorSelection: AuthenticatorSelectionCriteria?
        let userVerification: Requirement?
        let allowCredentials: [PublicKeyCredentialDescriptor]?
    }
}
