import ArgumentParser
import Crypto
import FoundationEssentials
import RelyingParty
import SwiftASN1
import X509

/// Which attestation a relying party trusts: roots, and the FIDO Metadata Service's list.
struct AttestationTrustOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Certificates that attestation chains may end at (PEM, or one in DER).", valueName: "file"))
    var trustRoots: String?

    @Option(
        help: ArgumentHelp(
            "The list of the FIDO Metadata Service (https://mds3.fidoalliance.org), as it is downloaded.",
            valueName: "file"))
    var metadata: String?

    @Option(
        help: ArgumentHelp(
            "With --metadata: the certificate that the list's signer leads to.",
            discussion:
                "Default: GlobalSign Root R3 from the system's certificates, and a signer for mds.fidoalliance.org.",
            valueName: "file"))
    var metadataRoot: String?

    func validate() throws { try OptionRules.check(checkOptions) }

    private func checkOptions() throws {
        if metadataRoot != nil && metadata == nil { throw ValidationError("--metadata-root goes with --metadata") }
    }

    /// Reads the files; what in them cannot be used is told on standard error.
    func policy() async throws -> AttestationPolicy {
        var anchors: [Certificate] = []
        if let trustRoots { anchors = try await Self.certificates(trustRoots) }
        guard let metadata else { return AttestationPolicy(trustAnchors: anchors) }
        let list: MetadataBLOB
        let bytes = try await InputFile.read(metadata, limit: MetadataBLOB.maximumByteCount)
        do {
            if let metadataRoot {
                let roots = try await Self.certificates(metadataRoot)
                guard let root = roots.first, roots.count == 1 else {
                    throw CommandFailure("'\(metadataRoot)' has \(roots.count) certificates, and one is the root")
                }
                // A root of one's own signs nothing but lists.
                list = try await MetadataBLOB(verifying: bytes, root: root, host: nil, now: Date())
            } else {
                list = try await MetadataBLOB(verifying: bytes, root: try await Self.systemRoot(), now: Date())
            }
        } catch let error as MetadataError {
            throw CommandFailure("cannot use '\(metadata)': \(error)")
        }
        for problem in list.problems { Console.standard.note("\(problem)") }
        return AttestationPolicy(trustAnchors: anchors, metadata: list)
    }

    /// The certificates of a file.
    private static func certificates(_ path: String) async throws -> [Certificate] {
        guard let list = CertificateList(reading: try await InputFile.read(path, limit: 16 << 20)) else {
            throw CommandFailure("'\(path)' has no certificates in PEM or DER")
        }
        for index in list.unreadable {
            Console.standard.note("certificate \(index) of '\(path)' cannot be read and is left out")
        }
        return list.certificates
    }

    private static let systemCertificates = "/etc/ssl/certs/ca-certificates.crt"
    /// SHA-256 of GlobalSign Root R3, which the metadata service's certificate leads to.
    private static let rootFingerprint = "cbb522d7b7f127ad6a0113865bdf1cd4102e7d0759af635a7cf4720dc963c53b"

    private static func systemRoot() async throws -> Certificate {
        for certificate in try await certificates(systemCertificates) {
            var serializer = DER.Serializer()
            try serializer.serialize(certificate)
            let digest = SHA256.hash(data: serializer.serializedBytes)
            if hexadecimal(digest) == rootFingerprint { return certificate }
        }
        throw CommandFailure(
            "\(systemCertificates) does not have GlobalSign Root R3: name the list's root with --metadata-root")
    }
}
