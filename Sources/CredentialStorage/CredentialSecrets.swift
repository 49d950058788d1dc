import CTAP
package import SoftwareAuthenticator
import WebAuthnModel

/// What is secret of a credential: the part of a row that is sealed, as CBOR, and of an export, as JSON.
///
/// | member in JSON | what | absent |
/// |---|---|---|
/// | `privateKey` | ``CredentialPrivateKey/rawRepresentation``, base64url | never |
/// | `userHandle` | base64url, at most 64 bytes | never |
/// | `userName`, `userDisplayName` | text | when it has none |
/// | `blob` | credBlob, base64url | when it has none |
/// | `largeBlobKey` | 32 bytes, base64url | when it has none |
/// | `largeBlob` | `compressed` (base64url) and `originalSize`, both absent until one was written | when there is no room for one |
/// | `isThirdPartyPaymentEnabled` | boolean | when it is false |
/// | `protection` | credProtect, 1 to 3 | in rows of the first schema, which knew none |
package struct CredentialSecrets: Codable, Equatable, Sendable {
    let privateKey: Base64URLString
    let userHandle: Base64URLString
    let userName: String?
    let userDisplayName: String?
    let blob: Base64URLString?
    let largeBlobKey: Base64URLString?
    let largeBlob: LargeBlob?
    let isThirdPartyPaymentEnabled: Bool?
    /// Sealed although a column holds it in the clear, so that whoever can write the file cannot weaken it.
    let protection: UInt8?

    /// Room for a large blob, and perhaps one.
    struct LargeBlob: Codable, Equatable, Sendable {
        var compressed: Base64URLString?
        var originalSize: UInt64?
    }

    /// The secrets of a credential.
    package init(_ source: CredentialSource) {
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
    package func source(
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
package enum CredentialSecretsError: Error, Hashable {
    /// The bytes are not what a store seals.
    case malformed
    /// The protection is none that credProtect knows.
    case unknownProtection
}

extension CredentialSecretsError: CustomStringConvertible {
    /// A sentence for a developer.
    package var description: String {
        switch self {
        case .malformed: "a sealed credential cannot be read; restore the store from a backup"
        case .unknownProtection: "the protection is none of 1, 2 and 3; restore the credential from a backup"
        }
    }
}
