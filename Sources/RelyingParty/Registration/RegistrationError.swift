public import WebAuthnModel

/// Why a registration was refused (WebAuthn Level 3 §7.1).
public enum RegistrationError: Error, Hashable, Sendable {
    /// One of the checks that both ceremonies share failed.
    case ceremony(CeremonyError)
    /// The ceremony does not name an account.
    case accountMissing
    /// The attestation object cannot be read.
    case attestationObject(AttestationObjectError)
    /// The authenticator data holds no credential.
    case credentialMissing
    /// The response names another credential than the authenticator data.
    case credentialIDMismatch
    /// The response names transports as no authenticator has them: more than 16, or one of more than 32 bytes.
    case transports
    /// The credential ID is empty or longer than 1023 bytes.
    case credentialIDLength(Int)
    /// The key is for an algorithm that was not asked for.
    case algorithmNotOffered(COSEAlgorithm, offered: [COSEAlgorithm])
    /// The credential public key cannot be used.
    case publicKey(SignatureError)
    /// The attestation was refused.
    case attestation(AttestationError)
    /// The credential ID belongs to an account already.
    case credentialAlreadyRegistered
}

extension RegistrationError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .ceremony(let error): "\(error)"
        case .accountMissing: "the ceremony names no account: begin it with registrationOptions(for:)"
        case .attestationObject(let error): "\(error)"
        case .credentialMissing: "the authenticator data holds no attested credential data (AT is not set)"
        case .credentialIDMismatch: "rawId is not the credential ID that the authenticator data holds"
        case .transports: "the response names more than 16 transports, or one of more than 32 bytes"
        case .credentialIDLength(let count): "the credential ID has \(count) bytes, and 1 to 1023 are allowed"
        case .algorithmNotOffered(let algorithm, let offered):
            "the key is for \(algorithm), asked for: \(offered.map(\.description).joined(separator: ", "))"
        case .publicKey(let error): "the credential public key cannot be used: \(error)"
        case .attestation(let error): "the attestation was refused: \(error)"
        case .credentialAlreadyRegistered: "the credential is registered already: log in with it, or remove it first"
        }
    }
}
