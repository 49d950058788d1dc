import SwiftASN1
import WebAuthnModel
import X509

/// The requirements on the leaf of a packed attestation (WebAuthn Level 3 §8.2.1).
struct PackedAttestationCertificate {
    private let certificate: Certificate

    /// The organizational unit that every attestation certificate names.
    static let organizationalUnit = "Authenticator Attestation"

    init(_ certificate: Certificate) { self.certificate = certificate }

    /// Throws unless the certificate meets every requirement and, where it names a model, names this one.
    func check(aaguid: AAGUID) throws(AttestationError) {
        // Version 3.
        guard certificate.version == .v3 else { throw .certificateVersion }
        // Subject-C: a country code of two letters.
        try checkSubject("C", .RDNAttributeType.countryName, expected: "a country code of two letters") {
            $0.utf8.count == 2 && $0.utf8.allSatisfy { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 & 0xDF }
        }
        // Subject-O: the vendor's name.
        try checkSubject("O", .RDNAttributeType.organizationName, expected: "the vendor's name") { !$0.isEmpty }
        // Subject-OU: this text.
        let unit = Self.organizationalUnit
        try checkSubject("OU", .RDNAttributeType.organizationalUnitName, expected: "\"\(unit)\"") { $0 == unit }
        // Subject-CN: any text.
        try checkSubject("CN", .RDNAttributeType.commonName, expected: "a text of the vendor's") { !$0.isEmpty }
        // The extension that names the model, where there is one.
        try certificate.checkAAGUID(aaguid)
        // Basic constraints: not a certificate authority.
        try certificate.checkIsNoAuthority()
    }

    private func checkSubject(
        _ name: String, _ type: ASN1ObjectIdentifier, expected: String, _ isValid: (String) -> Bool
    ) throws(AttestationError) {
        let values = certificate.subject.flatMap { name in name.filter { $0.type == type } }
        guard values.count == 1, let value = values.first, let text = String(value.value), isValid(text) else {
            throw .certificateSubject(attribute: name, expected: expected)
        }
    }
}
