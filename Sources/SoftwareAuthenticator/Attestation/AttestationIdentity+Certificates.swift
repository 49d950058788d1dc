import Crypto
public import FoundationEssentials
import SwiftASN1
public import WebAuthnModel
import X509

extension AttestationIdentity {
    /// How long both certificates are valid: 3650 days.
    public static let validity: TimeInterval = 3650 * 24 * 60 * 60

    /// Makes a root, and under it a leaf as WebAuthn Level 3 §8.2.1 wants it of packed attestation.
    ///
    /// - Parameters:
    ///   - aaguid: the model, which the leaf names in the extension id-fido-gen-ce-aaguid.
    ///   - organization: the subject's O.
    ///   - countryCode: the subject's C, two letters of ISO 3166-1; `ZZ` is of the codes that no country has.
    ///   - validFrom: when the validity of ``validity`` begins.
    ///   - generator: draws both keys and the serial numbers.
    public init(
        aaguid: AAGUID, organization: String = "Aikagi", countryCode: String = "ZZ", validFrom: Date,
        using generator: inout some RandomNumberGenerator
    ) throws(AttestationIdentityError) {
        do {
            let rootSecret = try CredentialPrivateKey(generating: .es256, using: &generator)
            let rootKey = Certificate.PrivateKey(
                try P256.Signing.PrivateKey(rawRepresentation: rootSecret.rawRepresentation.exposeSecret()))
            let rootName = try DistinguishedName {
                CountryName(countryCode)
                OrganizationName(organization)
                CommonName("\(organization) Attestation Root")
            }
            let root = try Certificate(
                version: .v3, serialNumber: AttestationIdentity.serialNumber(using: &generator),
                publicKey: rootKey.publicKey, notValidBefore: validFrom,
                notValidAfter: validFrom.addingTimeInterval(AttestationIdentity.validity), issuer: rootName,
                subject: rootName, signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true))
                    SubjectKeyIdentifier(hash: rootKey.publicKey)
                }, issuerPrivateKey: rootKey)

            let leafSecret = try CredentialPrivateKey(generating: .es256, using: &generator)
            let leafKey = Certificate.PublicKey(
                try P256.Signing.PrivateKey(rawRepresentation: leafSecret.rawRepresentation.exposeSecret()).publicKey)
            let leaf = try Certificate(
                version: .v3, serialNumber: AttestationIdentity.serialNumber(using: &generator),
                publicKey: leafKey, notValidBefore: validFrom,
                notValidAfter: validFrom.addingTimeInterval(AttestationIdentity.validity), issuer: rootName,
                subject: try DistinguishedName {
                    CountryName(countryCode)
                    OrganizationName(organization)
                    // The clause wants this very text.
                    OrganizationalUnitName("Authenticator Attestation")
                    CommonName("\(organization) \(aaguid)")
                }, signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.notCertificateAuthority)
                    AuthorityKeyIdentifier(
                        keyIdentifier: SubjectKeyIdentifier(hash: rootKey.publicKey).keyIdentifier)
                    // The value is an OCTET STRING of its own, and the extension must not be critical.
                    Certificate.Extension(
                        oid: [1, 3, 6, 1, 4, 1, 45724, 1, 1, 4], critical: false, value: [0x04, 16] + aaguid.bytes[...])
                }, issuerPrivateKey: rootKey)
            self.init(
                aaguid: aaguid, leafCertificate: try AttestationIdentity.der(leaf),
                rootCertificate: try AttestationIdentity.der(root), privateKey: leafSecret)
        } catch {
            throw .certificate(String(describing: error))
        }
    }

    private static func der(_ certificate: Certificate) throws -> [UInt8] {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return serializer.serializedBytes
    }

    /// 16 random bytes; the first is 0x40…0x7F, so that the number is positive and has its full length.
    private static func serialNumber(
        using generator: inout some RandomNumberGenerator
    ) -> Certificate.SerialNumber {
        var bytes = randomBytes(16, using: &generator)
        bytes[0] = bytes[0] & 0x3F | 0x40
        return Certificate.SerialNumber(bytes: bytes)
    }
}
