import Crypto
public import FoundationEssentials
import SwiftASN1
import X509

/// A certificate authority that is made for one run and forgotten afterwards.
///
/// It lets the servers of a demonstration or a test speak real TLS and lets their clients verify it in full, without a
/// certificate that anybody else would trust. The private key is P-256, lives in memory only and cannot be exported.
public struct ThrowawayCertificateAuthority: Sendable {
    /// How long every certificate is valid after the moment it was made.
    public static let validity: Duration = .seconds(7 * 24 * 60 * 60)

    /// How far a certificate's validity starts before the moment it was made, for clocks that disagree a little.
    static let backdating: Duration = .seconds(60 * 60)

    /// The authority's own certificate as PEM: what a client has to be told to trust.
    public let certificatePEM: String

    private let certificate: Certificate
    private let key: Certificate.PrivateKey

    /// Makes an authority with a fresh key.
    ///
    /// - Parameters:
    ///   - commonName: what a person sees as the issuer's name.
    ///   - now: the present moment; the certificate is valid from an hour before it until ``validity`` after it.
    /// - Throws: ``CertificateAuthorityError/encoding(_:)``.
    public init(commonName: String = "Aikagi throw-away CA", now: Date) throws(CertificateAuthorityError) {
        do {
            let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
            let name = try DistinguishedName { CommonName(commonName) }
            let certificate = try Certificate(
                version: .v3,
                serialNumber: Certificate.SerialNumber(),
                publicKey: key.publicKey,
                notValidBefore: now.advanced(by: -Self.backdating.seconds),
                notValidAfter: now.advanced(by: Self.validity.seconds),
                issuer: name,
                subject: name,
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                    SubjectKeyIdentifier(hash: key.publicKey)
                },
                issuerPrivateKey: key)
            self.key = key
            self.certificate = certificate
            certificatePEM = try certificate.serializeAsPEM().pemString
        } catch {
            throw .encoding(String(describing: error))
        }
    }

    /// Issues a certificate for a TLS server, with a fresh P-256 key.
    ///
    /// - Parameters:
    ///   - dnsNames: the host names that the server answers to; at least one of these or of the addresses.
    ///   - addresses: its IP addresses as 4 (IPv4) or 16 (IPv6) bytes each.
    ///   - now: the present moment.
    /// - Throws: ``CertificateAuthorityError`` when no name is given, when a name cannot stand in a certificate, or when
    ///   an address is not 4 or 16 bytes.
    public func issueServerCertificate(
        for dnsNames: [String], addresses: [[UInt8]] = [], now: Date
    ) throws(CertificateAuthorityError) -> ServerCertificate {
        guard let firstName = dnsNames.first ?? (addresses.isEmpty ? nil : "server") else { throw .noName }
        for name in dnsNames where !Self.isHostName(name) { throw .invalidHostName(name) }
        for address in addresses where address.count != 4 && address.count != 16 {
            throw .invalidAddress(byteCount: address.count)
        }
        do {
            let leafKey = P256.Signing.PrivateKey()
            let publicKey = Certificate.PublicKey(leafKey.publicKey)
            let names =
                dnsNames.map { GeneralName.dnsName($0) }
                + addresses.map { GeneralName.ipAddress(ASN1OctetString(contentBytes: $0[...])) }
            let issuerKeyIdentifier = try certificate.extensions.subjectKeyIdentifier?.keyIdentifier
            let leaf = try Certificate(
                version: .v3,
                serialNumber: Certificate.SerialNumber(),
                publicKey: publicKey,
                notValidBefore: now.advanced(by: -Self.backdating.seconds),
                // Not beyond the issuer's own end, or a verifier would refuse the chain before the leaf has expired.
                notValidAfter: min(now.advanced(by: Self.validity.seconds), certificate.notValidAfter),
                issuer: certificate.subject,
                // A common name holds at most 64 characters (RFC 5280, ub-common-name); verifiers read the SAN only.
                subject: try DistinguishedName { CommonName(String(firstName.prefix(64))) },
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.notCertificateAuthority)
                    Critical(KeyUsage(digitalSignature: true))
                    try ExtendedKeyUsage([.serverAuth])
                    SubjectAlternativeNames(names)
                    SubjectKeyIdentifier(hash: publicKey)
                    AuthorityKeyIdentifier(keyIdentifier: issuerKeyIdentifier)
                },
                issuerPrivateKey: key)
            return ServerCertificate(
                certificatePEM: try leaf.serializeAsPEM().pemString, privateKeyPEM: leafKey.pemRepresentation)
        } catch {
            throw .encoding(String(describing: error))
        }
    }

    /// Whether a string is a DNS name in its preferred syntax (RFC 1034 §3.5), one label being enough.
    private static func isHostName(_ name: String) -> Bool {
        guard (1...253).contains(name.utf8.count) else { return false }
        return name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                        true
                    default: false
                    }
                }
        }
    }
}

extension Duration {
    /// Whole seconds, as Foundation counts time.
    fileprivate var seconds: Double { Double(components.seconds) }
}
