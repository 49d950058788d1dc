import Crypto
public import FoundationEssentials
import SwiftASN1
public import WebAuthnModel
import X509

extension AttestationIdentity {
    /// How long the certificates are valid: 3650 days.
    public static let validity: TimeInterval = 3650 * 24 * 60 * 60

    /// The day from which certificates are valid where no clock is at hand: 1 January 2026.
    public static let firstDay = Date(timeIntervalSince1970: 1_767_225_600)

    /// What a certificate is for, and therefore what stands in it.
    public enum Purpose: Hashable, Sendable {
        /// Vouches for the model (WebAuthn Level 3 §8.2.1, §8.6).
        case model
        /// Vouches for this very device, whose serial number it names (§8.2.1, enterprise attestation).
        case device
        /// The key with which a TPM certifies others (§8.3.1).
        case trustedPlatformModule
        /// An authority that vouches for credentials one by one (§8.4, §8.8).
        case credentialIssuer
    }

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
            let secret = try CredentialPrivateKey(generating: .es256, supplement: .none, using: &generator)
            let key = Certificate.PrivateKey(
                try P256.Signing.PrivateKey(rawRepresentation: secret.rawRepresentation.exposeSecret()))
            let name = try DistinguishedName {
                CountryName(countryCode)
                OrganizationName(organization)
                CommonName(organization + AttestationIdentity.rootNameEnding)
            }
            let root = try Certificate(
                version: .v3,
                serialNumber: Certificate.SerialNumber(bytes: CertificateIssuer.serialNumber(using: &generator)),
                publicKey: key.publicKey, notValidBefore: validFrom,
                notValidAfter: validFrom.addingTimeInterval(AttestationIdentity.validity), issuer: name, subject: name,
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    // One authority may stand between it and a credential's certificate.
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 1))
                    Critical(KeyUsage(keyCertSign: true))
                    SubjectKeyIdentifier(hash: key.publicKey)
                }, issuerPrivateKey: key)
            self = try AttestationIdentity.issue(
                .model, for: aaguid, rootCertificate: try CertificateIssuer.der(root), rootKey: secret,
                using: &generator)
        } catch {
            throw .certificate(String(describing: error))
        }
    }

    /// Another identity under the same root.
    ///
    /// - Parameters:
    ///   - purpose: what it is for.
    ///   - aaguid: the model.
    ///   - generator: draws its key and the serial number of its certificate.
    /// - Throws: ``AttestationIdentityError/noRootKey`` if the root's key was thrown away.
    public func issuing(
        _ purpose: Purpose, for aaguid: AAGUID, using generator: inout some RandomNumberGenerator
    ) throws(AttestationIdentityError) -> AttestationIdentity {
        guard let rootKey else { throw .noRootKey }
        do {
            return try AttestationIdentity.issue(
                purpose, for: aaguid, rootCertificate: rootCertificate, rootKey: rootKey, using: &generator)
        } catch {
            throw .certificate(String(describing: error))
        }
    }

    /// What the common name of our roots ends with.
    static let rootNameEnding = " Attestation Root"

    private static func issue(
        _ purpose: Purpose, for aaguid: AAGUID, rootCertificate: [UInt8], rootKey: CredentialPrivateKey,
        using generator: inout some RandomNumberGenerator
    ) throws -> AttestationIdentity {
        let issuer = try CertificateIssuer(certificate: rootCertificate, privateKey: rootKey)
        let secret = try CredentialPrivateKey(generating: .es256, supplement: .none, using: &generator)
        let serialNumber = CertificateIssuer.serialNumber(using: &generator)
        let organization = issuer.organization.compactMap(\.value.description).last ?? ""
        // §8.2.1 wants this very unit, and the model in an extension: an OCTET STRING of its own, not critical.
        let unit = RelativeDistinguishedName.Attribute(
            type: .NameAttributes.organizationalUnitName, utf8String: "Authenticator Attestation")
        let model = Certificate.Extension(
            oid: [1, 3, 6, 1, 4, 1, 45724, 1, 1, 4], critical: false, value: [0x04, 16] + aaguid.bytes[...])
        func name(_ attributes: RelativeDistinguishedName.Attribute...) throws -> DistinguishedName {
            try DistinguishedName(issuer.organization + attributes)
        }
        func commonName(_ text: String) -> RelativeDistinguishedName.Attribute {
            .init(type: .NameAttributes.commonName, utf8String: text)
        }
        let certificate: [UInt8]
        switch purpose {
        case .model:
            certificate = try issuer.certificate(
                subject: try name(unit, commonName("\(organization) \(aaguid)")), publicKey: secret.publicKey,
                serialNumber: serialNumber
            ) {
                Critical(BasicConstraints.notCertificateAuthority)
                model
            }
        case .device:
            // The root is the device's own, so its hash tells it from others as long as its store lives.
            let device = Array(SHA256.hash(data: rootCertificate).prefix(8))
            certificate = try issuer.certificate(
                subject: try name(unit, commonName("\(organization) \(aaguid) \(hexadecimal(device))")),
                publicKey: secret.publicKey, serialNumber: serialNumber
            ) {
                Critical(BasicConstraints.notCertificateAuthority)
                model
                Certificate.Extension(
                    oid: [1, 3, 6, 1, 4, 1, 45724, 1, 1, 2], critical: false,
                    value: [0x04, UInt8(device.count)] + device[...])
            }
        case .trustedPlatformModule:
            certificate = try issuer.certificate(
                subject: DistinguishedName(), publicKey: secret.publicKey, serialNumber: serialNumber
            ) {
                Critical(BasicConstraints.notCertificateAuthority)
                try ExtendedKeyUsage([ExtendedKeyUsage.Usage(oid: [2, 23, 133, 8, 3])])
                Critical(SubjectAlternativeNames([.directoryName(TPMStatement.moduleName)]))
                model
            }
        case .credentialIssuer:
            let key = try P256.Signing.PrivateKey(rawRepresentation: secret.rawRepresentation.exposeSecret()).publicKey
            certificate = try issuer.certificate(
                subject: try name(commonName("\(organization) Credential Attestation")), publicKey: secret.publicKey,
                serialNumber: serialNumber
            ) {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true))
                SubjectKeyIdentifier(hash: Certificate.PublicKey(key))
            }
        }
        return AttestationIdentity(
            aaguid: aaguid, leafCertificate: certificate, rootCertificate: rootCertificate, privateKey: secret,
            rootKey: rootKey)
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}

extension AttestationIdentity {
    /// The root as PEM, for a relying party to trust.
    public var rootCertificatePEM: String {
        PEMDocument(type: "CERTIFICATE", derBytes: rootCertificate).pemString + "\n"
    }

    /// Whether a text is one or several such roots, of this identity or others: certificates issued by themselves under our name.
    public static func areRootCertificatesPEM(_ text: String, organization: String = "Aikagi") -> Bool {
        guard let documents = try? PEMDocument.parseMultiple(pemString: text), !documents.isEmpty else { return false }
        return documents.allSatisfy { document in
            // Whatever is wrong with it, it is no root of ours.
            guard let certificate = try? Certificate(derEncoded: document.derBytes) else { return false }
            return certificate.issuer == certificate.subject
                && certificate.subject.flatMap(\.self).contains {
                    $0.type == .NameAttributes.commonName && $0.value.description == organization + rootNameEnding
                }
        }
    }
}
