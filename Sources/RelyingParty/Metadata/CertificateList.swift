import FoundationEssentials
import SwiftASN1
public import X509

/// The certificates of a file: one in DER, or any number in PEM.
public struct CertificateList: Hashable, Sendable {
    /// Those that can be read.
    public let certificates: [Certificate]
    /// The places of those that cannot, counted from 0.
    public let unreadable: [Int]

    /// Reads a file; `nil` when there is nothing in it that looks like a certificate.
    public init?(reading bytes: [UInt8]) {
        var certificates: [Certificate] = []
        var unreadable: [Int] = []
        var documents: [[UInt8]] = []
        do {
            documents = try PEMDocument.parseMultiple(pemString: String(decoding: bytes, as: UTF8.self))
                .filter { ["CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE"].contains($0.discriminator) }
                .map(\.derBytes)
        } catch {
            // No PEM: perhaps DER.
        }
        for (index, der) in (documents.isEmpty ? [bytes] : documents).enumerated() {
            do {
                certificates.append(try Certificate(derEncoded: der))
            } catch {
                unreadable.append(index)
            }
        }
        guard !certificates.isEmpty || !documents.isEmpty else { return nil }
        self.certificates = certificates
        self.unreadable = unreadable
    }
}
