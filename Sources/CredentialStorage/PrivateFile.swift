import Glibc

/// Makes files that nobody else may read: mode 0600, complete and on disk before they have their name.
enum PrivateFile {
    /// Puts a new file in place; one that is there stays as it is.
    ///
    /// - Returns: whether the file was made.
    static func create(_ path: String, _ bytes: [UInt8]) throws(PrivateFileError) -> Bool {
        // A link is made to a finished file, because linking, unlike renaming, never replaces.
        let temporary = try write(beside: path, bytes)
        defer { unlink(temporary) }
        if link(temporary, path) != 0 {
            guard errno == EEXIST else { throw .last }
            return false
        }
        try synchronizeDirectory(of: path)
        return true
    }

    /// Puts a file in the place of the one that is there, so that at any moment there is the old one or the new one.
    static func replace(_ path: String, _ bytes: [UInt8]) throws(PrivateFileError) {
        // Renaming would replace a symbolic link, not the file that it names.
        guard let resolved = realpath(path, nil) else { throw .last }
        defer { free(resolved) }
        let target = String(cString: resolved)
        let temporary = try write(beside: target, bytes)
        guard rename(temporary, target) == 0 else {
            let error = PrivateFileError.last
            unlink(temporary)
            throw error
        }
        try synchronizeDirectory(of: target)
    }

    /// Makes an empty file if there is none, so that a database never exists with a wider mode.
    static func ensure(_ path: String) throws(PrivateFileError) {
        // Only a file that is made here is opened: closing a second descriptor of one that this process has open would drop
        // SQLite's locks on it (POSIX record locks belong to the process, not to the descriptor).
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            guard errno == EEXIST else { throw .last }
            return
        }
        close(descriptor)
    }

    /// A finished file with a name of its own in the same folder.
    private static func write(beside path: String, _ bytes: [UInt8]) throws(PrivateFileError) -> String {
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max)).new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .last }
        let isWritten = write(descriptor, bytes) && fsync(descriptor) == 0
        let error = PrivateFileError.last
        guard close(descriptor) == 0, isWritten else {
            unlink(temporary)
            throw error
        }
        return temporary
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
    private static func synchronizeDirectory(of path: String) throws(PrivateFileError) {
        // By bytes, as the system goes: to Swift, a slash and a mark behind it are one Character, which is no slash.
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .last }
    }
}

/// The system does not let a file be made.
struct PrivateFileError: Error {
    /// The system's reason, in its own words.
    let reason: String

    /// What the last call of the system failed with.
    static var last: PrivateFileError { PrivateFileError(reason: String(cString: strerror(errno))) }
}
