import FoundationEssentials
import Glibc

/// A mail folder where each message is a file that appears whole (the Maildir convention: written in `tmp`, then moved to `new`).
struct Maildir: MailTransport {
    private let path: String
    private let queue = BlockingQueue(label: "mail delivery", maximumWaiting: 256)

    /// Creates `tmp`, `new` and `cur` where they are missing; only this user may read them.
    init(path: String) throws {
        self.path = path
        for name in ["tmp", "new", "cur"] {
            try FileManager.default.createDirectory(
                atPath: "\(path)/\(name)", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
    }

    /// Writes a message and makes it visible; when this returns, the message and its name are on the disk.
    func deliver(_ message: MailMessage) async throws {
        let path = path
        try await queue.run { try Maildir.write(message.encoded, into: path, at: message.date) }
    }

    /// The newest messages, newest first; one that a mail program takes away meanwhile is left out.
    func newest(_ maximumCount: Int) async throws -> [ReceivedMail] {
        let path = path
        return try await queue.run {
            let files = try ["new", "cur"].flatMap { folder in
                try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)").map {
                    "\(path)/\(folder)/\($0)"
                }
            }
            let dated = files.compactMap { file -> (file: String, date: Date)? in
                let attributes = try? FileManager.default.attributesOfItem(atPath: file)  // taken away meanwhile
                return (attributes?[.modificationDate] as? Date).map { (file, $0) }
            }
            return dated.sorted { ($0.date, $0.file) > ($1.date, $1.file) }.prefix(maximumCount).compactMap { entry in
                let data = try? Data(contentsOf: URL(filePath: entry.file))  // taken away meanwhile
                return data.map { ReceivedMail(Array($0)) }
            }
        }
    }

    private static func write(_ message: [UInt8], into path: String, at date: Date) throws {
        let unique = Secret.random(12).map { String($0, radix: 36) }.joined()
        let name = "\(Int(date.timeIntervalSince1970)).P\(getpid())R\(unique).portal"
        let temporary = "\(path)/tmp/\(name)"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw MaildirError(operation: "create", path: temporary, code: errno) }
        do {
            defer { close(descriptor) }
            var rest = message[...]
            while !rest.isEmpty {
                let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { throw MaildirError(operation: "write", path: temporary, code: errno) }
                rest = rest.dropFirst(written)
            }
            guard fsync(descriptor) == 0 else { throw MaildirError(operation: "write", path: temporary, code: errno) }
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, "\(path)/new/\(name)") == 0 else {
            let code = errno
            unlink(temporary)
            throw MaildirError(operation: "deliver", path: temporary, code: code)
        }
        try synchronize("\(path)/new")
    }

    /// Makes a folder's entries survive a loss of power: with a file's bytes on the disk, its name is not there yet.
    private static func synchronize(_ folder: String) throws(MaildirError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw MaildirError(operation: "deliver", path: folder, code: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw MaildirError(operation: "deliver", path: folder, code: errno) }
    }
}

/// Why a message was not delivered.
struct MaildirError: MailTransportError, Equatable {
    let operation: String
    let path: String
    let code: CInt
}

extension MaildirError {
    /// A sentence for the log.
    var description: String {
        "cannot \(operation) mail at \(path): \(String(cString: strerror(code))); check its permissions and space"
    }
}
