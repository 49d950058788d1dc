import Glibc

/// Reads small secret files.
enum KeyFile {
    /// The bytes of a file, at most one more than any key file has; `nil` when there is no such file.
    static func read(_ path: String) throws(StoreKeyError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .file(path: path, reason: lastError())
        }
        defer { close(descriptor) }
        // The open file is examined, not the path: it cannot be exchanged in between.
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .file(path: path, reason: lastError()) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
        guard status.st_uid == geteuid() else { throw .foreignOwner(path: path) }
        guard status.st_mode & 0o077 == 0 else {
            throw .accessibleToOthers(path: path, mode: status.st_mode & 0o777)
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: KeyFileContent.maximumByteCount + 1)
        while bytes.count <= KeyFileContent.maximumByteCount {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .file(path: path, reason: lastError()) }
            if count == 0 { break }
            bytes += buffer.prefix(count)
        }
        return bytes
    }

    private static func lastError() -> String { String(cString: strerror(errno)) }
}
