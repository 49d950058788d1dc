/// Why a store cannot be opened.
public enum SQLiteCredentialStoreError: Error, Hashable, Sendable {
    /// The key is not the one the store was made with.
    case wrongKey(path: String)
    /// There is a store, but its key file is missing.
    case missingKeyFile(path: String, keyFile: String)
    /// The key file cannot be used.
    case keyFile(StoreKeyError)
    /// The store was written by a newer version of the program.
    case newerSchema(path: String)
    /// The file is not a database, is damaged, or cannot be reached; the text is the reason.
    case database(path: String, reason: String)
}

extension SQLiteCredentialStoreError: CustomStringConvertible {
    /// A sentence that tells what to do.
    public var description: String {
        switch self {
        case .wrongKey(let path):
            "the key file does not belong to this store (\(path)); give the key file that the store was made with"
        case .missingKeyFile(let path, let keyFile):
            "the key file \(keyFile) of the store \(path) is missing; put it back, or choose another store"
        case .keyFile(let error):
            "\(error)"
        case .newerSchema(let path):
            "the credential store \(path) was written by a newer version of this program; update the program"
        case .database(let path, let reason):
            "the credential store \(path) cannot be opened: \(reason); check the path, or restore it from a backup"
        }
    }
}
