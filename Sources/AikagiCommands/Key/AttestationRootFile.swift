import Foundation
import SoftwareAuthenticator
import Synchronization

/// The file that relying parties read the roots of attestation from: PEM, one certificate after the other.
final class AttestationRootFile: Sendable {
    private let path: String
    private let roots = Mutex<[AttestationIdentity]>([])

    /// A file that is not written yet.
    init(path: String) { self.path = path }

    /// Writes one more root; the first takes the place of what an earlier run left.
    ///
    /// - Throws: ``CommandFailure`` when something else is there, which is left alone, or when it cannot be written.
    func add(_ root: AttestationIdentity) throws(CommandFailure) {
        try roots.withLock { (roots) throws(CommandFailure) in
            try check()
            roots.append(root)
            do {
                let text = roots.map(\.rootCertificatePEM).joined()
                try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
            } catch {
                throw CommandFailure("cannot write \(path): \(error.reason)")
            }
        }
    }

    private func check() throws(CommandFailure) {
        // Of a symbolic link these are its own; where there are none, nothing is there.
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return }
        guard attributes[.type] as? FileAttributeType == .typeRegular,
            (attributes[.size] as? NSNumber)?.intValue ?? .max <= 1 << 20,
            let earlier = FileManager.default.contents(atPath: path),
            AttestationIdentity.areRootCertificatesPEM(String(decoding: earlier, as: UTF8.self))
        else {
            throw CommandFailure(
                "\(path) is there and holds no attestation root of Aikagi's; choose another --attestation-root")
        }
    }
}
