import SwiftASN1
import X509

/// The requirements on the certificate of an attestation identity key (WebAuthn Level 3 §8.3.1).
struct TPMAttestationCertificate {
    private let certificate: Certificate

    /// tcg-kp-AIKCertificate.
    private static let usage = ExtendedKeyUsage.Usage(oid: [2, 23, 133, 8, 3])
    /// tcg-at-tpmManufacturer, tcg-at-tpmModel, tcg-at-tpmVersion.
    private static let manufacturer: ASN1ObjectIdentifier = [2, 23, 133, 2, 1]
    private static let model: ASN1ObjectIdentifier = [2, 23, 133, 2, 2]
    private static let version: ASN1ObjectIdentifier = [2, 23, 133, 2, 3]

    /// The extensions that are read here, critical as they often are.
    static let understoodExtensions: [ASN1ObjectIdentifier] = [
        .X509ExtensionID.subjectAlternativeName, .X509ExtensionID.extendedKeyUsage,
    ]

    init(_ certificate: Certificate) { self.certificate = certificate }

    /// Throws unless the certificate meets every requirement.
    func check() throws(AttestationError) {
        // Version 3.
        guard certificate.version == .v3 else { throw .certificateVersion }
        // An empty subject.
        guard certificate.subject.isEmpty else { throw .defect(.tpmCertificateSubject) }
        // The alternative name names the TPM (TCG EK Credential Profile §3.2.9).
        guard namesTPM() else { throw .defect(.tpmCertificateAlternativeName) }
        // The extended key usage.
        guard hasUsage() else { throw .defect(.tpmCertificateUsage) }
        // Basic constraints: not a certificate authority.
        try certificate.checkIsNoAuthority()
    }

    private func namesTPM() -> Bool {
        do {
            guard let names = try certificate.extensions.subjectAlternativeNames else { return false }
            let attributes = names.flatMap { name -> [RelativeDistinguishedName.Attribute] in
                guard case .directoryName(let directoryName) = name else { return [] }
                return directoryName.flatMap { Array($0) }
            }
            func text(_ type: ASN1ObjectIdentifier) -> String? {
                attributes.first { $0.type == type }.flatMap { String($0.value) }
            }
            // The manufacturer is "id:" and eight hexadecimal digits (TCG TPM Vendor ID Registry).
            guard let manufacturer = text(Self.manufacturer), manufacturer.utf8.count == 11,
                manufacturer.utf8.starts(with: "id:".utf8),
                // Of the hexadecimal digits only those of ASCII: to Swift, full-width ones are some as well.
                manufacturer.dropFirst(3).allSatisfy({ $0.isASCII && $0.isHexDigit })
            else { return false }
            return [text(Self.model), text(Self.version)].allSatisfy { $0?.isEmpty == false }
        } catch {
            return false
        }
    }

    private func hasUsage() -> Bool {
        do {
            return try certificate.extensions.extendedKeyUsage?.contains(Self.usage) == true
        } catch {
            return false
        }
    }
}
