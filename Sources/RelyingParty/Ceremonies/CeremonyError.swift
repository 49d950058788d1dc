public import WebAuthnModel

/// Why a response was refused by one of the checks that registration and authentication share.
public enum CeremonyError: Error, Hashable, Sendable {
    /// The request body is longer than any real response.
    case responseTooLarge(byteCount: Int, limit: Int)
    /// The request body is not the JSON of a response; the text says where.
    case malformedJSON(String)
    /// The ceremony was begun for the other kind of response.
    case ceremonyKind(expected: Ceremony.Kind, got: Ceremony.Kind)
    /// `id` and `rawId` differ.
    case idMismatch
    /// The credential type is not `public-key`.
    case credentialType(String)
    /// The client data is not UTF-8.
    case clientDataNotUTF8
    /// The client data is not the JSON that WebAuthn defines; the text says where.
    case clientDataMalformed(String)
    /// The client data is of another ceremony.
    case clientDataType(expected: String, got: String)
    /// The challenge was not issued here, or is long expired.
    case challengeUnknown
    /// The challenge has been answered before.
    case challengeUsed
    /// The challenge came too late.
    case challengeExpired
    /// The client answered another challenge than this ceremony's.
    case challengeMismatch
    /// The page has an origin that is not allowed.
    case origin(expected: [String], got: String)
    /// The page was embedded in a frame of another origin, and no embedding is allowed.
    case crossOrigin
    /// The embedding page has an origin that is not allowed.
    case topOrigin(expected: [String], got: String)
    /// The authenticator data cannot be read.
    case authenticatorData(AuthenticatorDataError)
    /// The authenticator signed for another RP ID.
    case relyingPartyID(expected: String, hash: [UInt8])
    /// UP is not set.
    case userNotPresent
    /// UV is not set although user verification is required.
    case userNotVerified
    /// BS is set without BE.
    case backupStateWithoutEligibility
}

extension CeremonyError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .responseTooLarge(let byteCount, let limit):
            "the response has \(byteCount) bytes, and \(limit) are the most that is read"
        case .malformedJSON(let reason):
            "the request body is not the JSON of a WebAuthn response: \(reason)"
        case .ceremonyKind(let expected, let got):
            "the response is one of \(expected.rawValue), but the ceremony was begun as \(got.rawValue)"
        case .idMismatch:
            "id and rawId differ: send what PublicKeyCredential.toJSON() yields, unchanged"
        case .credentialType(let type):
            "the credential type is \"\(type)\", and only \"\(publicKeyCredentialType)\" exists"
        case .clientDataNotUTF8:
            "clientDataJSON is not UTF-8"
        case .clientDataMalformed(let reason):
            "clientDataJSON is not the JSON that WebAuthn defines: \(reason)"
        case .clientDataType(let expected, let got):
            "the client data is of type \"\(got)\", expected \"\(expected)\""
        case .challengeUnknown:
            "the challenge was not issued here or has expired long ago: start the ceremony again"
        case .challengeUsed:
            "the challenge has been answered before: start the ceremony again"
        case .challengeExpired:
            "the challenge has expired: start the ceremony again"
        case .challengeMismatch:
            "the client answered another challenge than this ceremony's: start the ceremony again"
        case .origin(let expected, let got):
            "the page's origin is \(got), allowed: \(expected.joined(separator: ", "))"
        case .crossOrigin:
            "the page was embedded in a frame of another origin, and no embedding is allowed"
        case .topOrigin(let expected, let got):
            "the embedding page's origin is \(got), allowed: \(expected.joined(separator: ", "))"
        case .authenticatorData(let error):
            "\(error)"
        case .relyingPartyID(let expected, _):
            "the authenticator signed for another RP ID than \(expected): the RP ID hashes differ"
        case .userNotPresent:
            "the authenticator did not test that the user is present (UP is not set)"
        case .userNotVerified:
            "user verification is required, but the authenticator did not verify the user (UV is not set)"
        case .backupStateWithoutEligibility:
            "the authenticator says that the credential is backed up but may not be (BS without BE)"
        }
    }
}
