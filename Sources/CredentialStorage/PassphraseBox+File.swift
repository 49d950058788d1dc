extension PassphraseBox {
    /// Writes the box into a new file with mode 0600, which has its name only once it is complete and on disk.
    ///
    /// - Throws: ``NewFileError``; a file that is there stays as it is.
    public func write(toNewFileAt path: String) throws(NewFileError) {
        let isMade: Bool
        do throws(PrivateFileError) {
            isMade = try PrivateFile.create(path, encoded)
        } catch {
            throw .file(path: path, reason: error.reason)
        }
        guard isMade else { throw .exists(path: path) }
    }
}

/// Why a new file cannot be made.
public enum NewFileError: Error, Hashable, Sendable {
    /// There is something under that name.
    case exists(path: String)
    /// The system refuses; the text is its reason.
    case file(path: String, reason: String)
}

extension NewFileError: CustomStringConvertible {
    /// A sentence that tells what to do.
    public var description: String {
        switch self {
        case .exists(let path): "'\(path)' exists, and is not overwritten; choose another name"
        case .file(let path, let reason): "'\(path)' cannot be written: \(reason)"
        }
    }
}
