import Foundation
import Glibc
import HIDTransport

/// The folder in which browsers of the Chromium family keep whom the user trusts (NSS's shared database), with one
/// authority more.
///
/// The user's own is not touched: a copy of it gets the authority, and takes its place for one program alone.
struct TrustStore: Sendable {
    /// Where programs look, below the home folder; the first that exists is used, else the first is.
    static let places = [".pki/nssdb", ".local/share/pki/nssdb"]

    private static let files = ["cert9.db", "key4.db", "pkcs11.txt"]

    /// The folder with the additional authority.
    let folder: String
    /// The place that it takes.
    let place: String

    /// Makes the copy.
    ///
    /// - Parameters:
    ///   - folder: Where; must not exist.
    ///   - home: The user's home folder.
    ///   - authorityPEM: The authority's certificate.
    ///   - certutil: The program of NSS that does it.
    /// - Throws: ``SurroundingsError``.
    init(folder: String, home: String, authorityPEM: String, certutil: String) async throws(SurroundingsError) {
        self.folder = folder
        let places = TrustStore.places.map { home + "/" + $0 }
        place = places.first { access($0, F_OK) == 0 } ?? places[0]
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try Data(authorityPEM.utf8).write(to: URL(filePath: folder + "/aikagi.pem"))
        } catch {
            throw .notWritten(path: folder, reason: "\(error)")
        }
        var isCopy = access(place + "/cert9.db", R_OK) == 0
        if isCopy {
            for name in TrustStore.files {
                // An incomplete database is told by certutil.
                try? FileManager.default.copyItem(atPath: "\(place)/\(name)", toPath: "\(folder)/\(name)")
            }
            isCopy = try await add(with: certutil)
        }
        guard !isCopy else { return }
        // There was none, or one with a password of the user's.
        for name in TrustStore.files { unlink("\(folder)/\(name)") }
        guard try await TrustStore.run([certutil, "-N", "-d", "sql:" + folder, "--empty-password"], in: folder),
            try await add(with: certutil)
        else { throw .noTrust(folder: folder) }
    }

    private func add(with certutil: String) async throws(SurroundingsError) -> Bool {
        try await TrustStore.run(
            [certutil, "-A", "-d", "sql:" + folder, "-n", "aikagi", "-t", "C,,", "-i", folder + "/aikagi.pem"],
            in: folder)
    }

    private static func run(_ arguments: [String], in folder: String) async throws(SurroundingsError) -> Bool {
        // Without a terminal nobody can be asked for a password.
        let process = ChildProcess(
            ChildProcess.Plan(
                arguments: arguments, environment: ["LC_ALL": "C", "HOME": folder], inheritedDescriptors: [],
                defaultSignals: ChildProcess.Plan.signalsOfAnyProgram, outputPath: folder + "/certutil.log",
                hasOwnSession: true))
        do {
            return try await process.run() == 0
        } catch {
            throw .noTrust(folder: folder)
        }
    }

    /// Makes the place exist, as Chromium itself would when it first looks there, and locks it against removal.
    ///
    /// - Returns: The folders that were made, now or by another session that may end first, the innermost first; and the
    ///   lock, which is to be kept for as long as the place is used.
    /// - Throws: ``SurroundingsError/notWritten(path:reason:)``.
    func makePlace() throws(SurroundingsError) -> (made: [String], lock: SocketDescriptor) {
        var missing: [String] = []
        var path = place
        while access(path, F_OK) != 0, path.count > 1, let slash = path.lastIndex(of: "/") {
            missing.append(path)
            path = String(path[..<slash])
        }
        for folder in missing.reversed() {
            guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
                throw .notWritten(path: folder, reason: errorText(errno))
            }
        }
        let descriptor = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .notWritten(path: place, reason: errorText(errno)) }
        let lock = SocketDescriptor(takingOver: descriptor)
        flock(descriptor, LOCK_SH)
        // One that is empty was made as a mount point before.
        let isEmpty = (try? FileManager.default.contentsOfDirectory(atPath: place).isEmpty) ?? false
        if missing.isEmpty, isEmpty, let slash = place.lastIndex(of: "/") {
            missing = [place, String(place[..<slash])]
        }
        return (missing, lock)
    }
}
