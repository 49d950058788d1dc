import CTAP
import SoftwareAuthenticator
import WebAuthnModel

/// What is secret of a credential: the part of a row that is sealed, and of an export, as JSON.
///
/// | member | what | absent |
/// |---|---|---|
/// | `privateKey` | ``CredentialPrivateKey/rawRepresentation``, base64url | never |
/// | `userHandle` | base64url, at most 64 bytes | never |
/// | `userName`, `userDisplayName` | text | when it has none |
/// | `blob` | credBlob, base64url | when it has none |
/// | `largeBlobKey` | 32 bytes, base64url | when it has none |
/// | `largeBlob` | `compressed` (base64url) and `originalSize`, both absent until one was written | when there is no room for one |
/// | `isThirdPartyPaymentEnabled` | boolean | when it is false |
/// | `protection` | credProtect, 1 to 3 | in rows of the first schema, which knew none |
struct CredentialSecrets: Codable, Equatable {
    private let privateKey: Base64URLString
    private let userHandle: Base64URLString
    private let userName: String?
    private let userDisplayName: String?
    private let blob: Base64URLString?
    private let largeBlobKey: Base64URLString?
    private let largeBlob: LargeBlob?
    private let isThirdPartyPaymentEnabled: Bool?
    /// Sealed although a column holds it in the clear, so that whoever can write the file cannot weaken it.
    private let protection: UInt8?

    /// Room for a large blob, and perhaps one.
    private struct LargeBlob: Codable, Equatable {
        var compressed: Base64URLString?
        var originalSize: UInt64?
    }

    /// The secrets of a credential.
    init(_ source: CredentialSource) {
        privateKey = Base64URLString(source.privateKey.rawRepresentation.exposeSecret())
        userHandle = Base64URLString(source.userHandle)
        (userName, userDisplayName) = (source.userName, source.userDisplayName)
        let properties = source.properties
        blob = properties.blob.map { Base64URLString($0) }
        largeBlobKey = properties.largeBlobKey.map { Base64URLString($0.exposeSecret()) }
        largeBlob =
            properties.hasRoomForLargeBlob
            ? LargeBlob(
                compressed: properties.largeBlob.map { Base64URLString($0.compressed) },
                originalSize: properties.largeBlob?.originalSize) : nil
        isThirdPartyPaymentEnabled = properties.isThirdPartyPaymentEnabled ? true : nil
        protection = properties.protection.rawValue
    }

    /// The discoverable credential that these are the secrets of.
    ///
    /// - Parameter supplement: who loads keys of the algorithms that module SoftwareAuthenticator lacks.
    /// - Throws: ``CredentialSecretsError``, or what the key's ``CredentialPrivateKeyError`` says.
    func source(
        id: [UInt8], relyingPartyID: String, algorithm: Int, supplement: SupplementaryAlgorithms
    ) throws -> CredentialSource {
        guard let protection = CredentialProtection(rawValue: protection ?? 1) else {
            throw CredentialSecretsError.unknownProtection
        }
        return CredentialSource(
            id: id, relyingPartyID: relyingPartyID, userHandle: userHandle.bytes, userName: userName,
            userDisplayName: userDisplayName,
            privateKey: try CredentialPrivateKey(
                algorithm: COSEAlgorithm(rawValue: algorithm), rawRepresentation: SecretBytes(privateKey.bytes),
                supplement: supplement),
            isDiscoverable: true,
            properties: CredentialProperties(
                protection: protection, blob: blob?.bytes, largeBlobKey: largeBlobKey.map { SecretBytes($0.bytes) },
                hasRoomForLargeBlob: largeBlob != nil,
                largeBlob: largeBlob?.compressed.map {
                    LargeBlobData(compressed: $0.bytes, originalSize: largeBlob?.originalSize ?? 0)
                },
                isThirdPartyPaymentEnabled: isThirdPartyPaymentEnabled ?? false))
    }
}

/// Why secrets are none of a credential.
enum CredentialSecretsError: Error {
    /// The protection is none that credProtect knows.
    case unknownProtection
}

extension CredentialSecretsError: CustomStringConvertible {
    /// A sentence for a developer.
    var description: String { "the protection is none of 1, 2 and 3; restore the credential from a backup" }
}
