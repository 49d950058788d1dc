import Glibc

/// Reads and creates small secret files.
enum KeyFile {
    /// The bytes of a file, at most one more than a key has; `nil` when there is no such file.
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
        var buffer = [UInt8](repeating: 0, count: StoreKey.byteCount + 1)
        while bytes.count <= StoreKey.byteCount {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .file(path: path, reason: lastError()) }
            if count == 0 { break }
            bytes += buffer.prefix(count)
        }
        return bytes
    }

    /// Puts a file with mode 0600 in place, complete and on disk; if there is one by now, that one stays.
    static func create(_ path: String, _ bytes: [UInt8]) throws(StoreKeyError) {
        // A link is made to a finished file, because linking, unlike renaming, never replaces.
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max)).new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(path: path, reason: lastError()) }
        defer { unlink(temporary) }
        let isWritten = write(descriptor, bytes) && fsync(descriptor) == 0
        let reason = lastError()
        guard close(descriptor) == 0, isWritten else { throw .file(path: path, reason: reason) }
        guard link(temporary, path) == 0 || errno == EEXIST else { throw .file(path: path, reason: lastError()) }
        try synchronizeDirectory(of: path)
    }

    private static func write(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Makes the directory entry survive a loss of power.
    private static func synchronizeDirectory(of path: String) throws(StoreKeyError) {
        let directory = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(path: path, reason: lastError()) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .file(path: path, reason: lastError()) }
    }

    /// Makes an empty file with mode 0600 if there is none, so that a database never exists with a wider mode.
    ///
    /// - Returns: the system's reason when it refuses.
    static func ensurePrivateFile(_ path: String) -> String? {
        // Only a file that is made here is opened: closing a second descriptor of one that this process has open would drop
        // SQLite's locks on it (POSIX record locks belong to the process, not to the descriptor).
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return errno == EEXIST ? nil : lastError() }
        close(descriptor)
        return nil
    }

    private static func lastError() -> String { String(cString: strerror(errno)) }
}
