import Crypto
import CryptoExtras
import FoundationEssentials
import SwiftASN1
import WebAuthnModel
import X509

/// A certificate authority that signs under P-256: a root of ours, or one that it has issued.
struct CertificateIssuer {
    private let name: DistinguishedName
    private let key: Certificate.PrivateKey
    private let notBefore: Date
    private let notAfter: Date

    /// - Parameters:
    ///   - certificate: its own, DER; what it issues is valid for as long.
    ///   - privateKey: the key to it, on P-256.
    init(certificate: [UInt8], privateKey: CredentialPrivateKey) throws {
        let certificate = try Certificate(derEncoded: certificate)
        name = certificate.subject
        key = Certificate.PrivateKey(
            try P256.Signing.PrivateKey(rawRepresentation: privateKey.rawRepresentation.exposeSecret()))
        (notBefore, notAfter) = (certificate.notValidBefore, certificate.notValidAfter)
    }

    /// The organization in its name, for the names in what it issues.
    var organization: [RelativeDistinguishedName.Attribute] {
        name.flatMap(\.self).filter {
            [.NameAttributes.countryName, .NameAttributes.organizationName].contains($0.type)
        }
    }

    /// Issues a certificate, DER.
    ///
    /// - Parameters:
    ///   - serialNumber: 16 bytes; see ``serialNumber(using:)``.
    ///   - extensions: what belongs to its purpose; the issuer's identifier is added.
    func certificate(
        subject: DistinguishedName, publicKey: COSEKey, serialNumber: [UInt8],
        @ExtensionsBuilder extensions: () throws -> Result<Certificate.Extensions, any Error>
    ) throws -> [UInt8] {
        var all = try Certificate.Extensions(builder: extensions)
        try all.append(
            Certificate.Extension(
                AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: key.publicKey).keyIdentifier),
                critical: false))
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(bytes: serialNumber),
            publicKey: try CertificateIssuer.publicKey(publicKey), notValidBefore: notBefore, notValidAfter: notAfter,
            issuer: name, subject: subject, signatureAlgorithm: .ecdsaWithSHA256, extensions: all, issuerPrivateKey: key
        )
        return try CertificateIssuer.der(certificate)
    }

    static func der(_ certificate: Certificate) throws -> [UInt8] {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return serializer.serializedBytes
    }

    /// 16 random bytes; the first is 0x40…0x7F, so that the number is positive and has its full length.
    static func serialNumber(using generator: inout some RandomNumberGenerator) -> [UInt8] {
        var bytes = randomBytes(16, using: &generator)
        bytes[0] = bytes[0] & 0x3F | 0x40
        return bytes
    }

    /// The algorithms of keys that a certificate can be made for here.
    static let algorithms: [COSEAlgorithm] = [.es256, .es384, .es512, .edDSA, .rs256]

    private static func publicKey(_ key: COSEKey) throws -> Certificate.PublicKey {
        switch key {
        case .ec2(_, .p256, let x, let y): .init(try P256.Signing.PublicKey(rawRepresentation: x + y))
        case .ec2(_, .p384, let x, let y): .init(try P384.Signing.PublicKey(rawRepresentation: x + y))
        case .ec2(_, .p521, let x, let y): .init(try P521.Signing.PublicKey(rawRepresentation: x + y))
        case .okp(_, .ed25519, let x): .init(try Curve25519.Signing.PublicKey(rawRepresentation: x))
        case .rsa(_, let modulus, let exponent): .init(try _RSA.Signing.PublicKey(n: modulus, e: exponent))
        default: throw AttestationIdentityError.certificate("no certificate is made for keys of \(key.algorithm)")
        }
    }
}
