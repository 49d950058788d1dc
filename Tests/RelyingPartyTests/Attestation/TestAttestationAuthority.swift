import Crypto
import FoundationEssentials
import SwiftASN1
import WebAuthnModel
import X509

/// Makes attestation certificates, good and bad.
struct TestAttestationAuthority {
    let name: DistinguishedName
    let key = P256.Signing.PrivateKey()
    let certificate: Certificate

    init(_ commonName: String = "Attestation Root") throws {
        name = try DistinguishedName { CommonName(commonName) }
        certificate = try Certificate(
            version: .v3, serialNumber: .init(bytes: [1]), publicKey: .init(key.publicKey),
            notValidBefore: testNow.addingTimeInterval(-1000), notValidAfter: testNow.addingTimeInterval(1_000_000),
            issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            }, issuerPrivateKey: .init(key))
    }

    /// What a leaf says, correct by default.
    struct Leaf: Sendable {
        var country: String? = "JP"
        var organization: String? = "Aikagi"
        var unit: String? = "Authenticator Attestation"
        var commonName: String? = "Aikagi Attestation 1"
        var version = Certificate.Version.v3
        var basicConstraints: BasicConstraints? = .notCertificateAuthority
        var aaguid: [UInt8]? = [4, 16] + testAAGUID.bytes
        var isAAGUIDCritical = false
        var lifetime = 0.0..<1000.0
    }

    /// Any certificate.
    func issue(
        subject: DistinguishedName = DistinguishedName(), key leafKey: Certificate.PublicKey,
        extensions: [Certificate.Extension] = [], version: Certificate.Version = .v3
    ) throws -> Certificate {
        try Certificate(
            version: version, serialNumber: .init(bytes: [3]), publicKey: leafKey,
            notValidBefore: testNow.addingTimeInterval(-500), notValidAfter: testNow.addingTimeInterval(500),
            issuer: name, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions(extensions), issuerPrivateKey: .init(key))
    }

    func issue(_ leaf: Leaf, key leafKey: Certificate.PublicKey) throws -> Certificate {
        var attributes: [RelativeDistinguishedName.Attribute] = []
        if let text = leaf.country {
            attributes.append(try .init(type: .RDNAttributeType.countryName, printableString: text))
        }
        if let text = leaf.organization {
            attributes.append(.init(type: .RDNAttributeType.organizationName, utf8String: text))
        }
        if let text = leaf.unit {
            attributes.append(.init(type: .RDNAttributeType.organizationalUnitName, utf8String: text))
        }
        if let text = leaf.commonName { attributes.append(.init(type: .RDNAttributeType.commonName, utf8String: text)) }
        var extensions = Certificate.Extensions()
        if let constraints = leaf.basicConstraints { try extensions.append(.init(constraints, critical: true)) }
        if let aaguid = leaf.aaguid {
            try extensions.append(
                .init(
                    oid: [1, 3, 6, 1, 4, 1, 45724, 1, 1, 4], critical: leaf.isAAGUIDCritical, value: aaguid[...]))
        }
        return try Certificate(
            version: leaf.version, serialNumber: .init(bytes: [2]), publicKey: leafKey,
            notValidBefore: testNow.addingTimeInterval(leaf.lifetime.lowerBound - 500),
            notValidAfter: testNow.addingTimeInterval(leaf.lifetime.upperBound - 500), issuer: name,
            subject: DistinguishedName(attributes.map { RelativeDistinguishedName($0) }),
            signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions, issuerPrivateKey: .init(key))
    }
}

extension Certificate {
    var der: [UInt8] {
        get throws {
            var serializer = DER.Serializer()
            try serializer.serialize(self)
            return serializer.serializedBytes
        }
    }
}
