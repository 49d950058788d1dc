package import Crypto
public import SoftwareAuthenticator

/// The key that seals what a store keeps: 32 random bytes, which live in a file of their own.
///
/// Whoever has the database alone learns which relying parties there are accounts at, and nothing else; whoever has the
/// key file as well has everything. Keep the two apart in backups.
public struct StoreKey: Equatable, Sendable {
    /// The length in bytes.
    public static let byteCount = 32

    private let secret: SecretBytes

    /// Takes exactly 32 bytes, else `nil`.
    public init?(_ secret: SecretBytes) {
        guard secret.count == StoreKey.byteCount else { return nil }
        self.secret = secret
    }

    /// Reads the key file, or makes one with a random key if there is none.
    ///
    /// The file must belong to whoever runs the program, and nobody else may have any access to it. A new file appears
    /// under its name only once it is complete and on disk.
    public init(fileAt path: String) throws(StoreKeyError) {
        var generator = SystemRandomNumberGenerator()
        try self.init(fileAt: path, using: &generator)
    }

    /// Reads the key file, or makes one with a key drawn from a generator if there is none.
    public init(fileAt path: String, using generator: inout some RandomNumberGenerator) throws(StoreKeyError) {
        if let bytes = try KeyFile.read(path) {
            guard let key = StoreKey(SecretBytes(bytes)) else { throw .wrongLength(path: path) }
            self = key
            return
        }
        let bytes = (0..<StoreKey.byteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        try KeyFile.create(path, bytes)
        // Read back rather than trusted: another process may have been first, and then its key counts.
        guard let stored = try KeyFile.read(path) else { throw .file(path: path, reason: "it vanished again") }
        guard let key = StoreKey(SecretBytes(stored)) else { throw .wrongLength(path: path) }
        self = key
    }

    /// A key for one purpose, so that no key has two.
    package func derived(for purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret.exposeSecret()), info: Array(purpose.utf8), outputByteCount: 32)
    }
}

extension StoreKey: CustomStringConvertible {
    /// Nothing about the bytes.
    public var description: String { "store key" }
}

/// Why a key file cannot be used.
public enum StoreKeyError: Error, Hashable, Sendable {
    /// The file's mode lets others in.
    case accessibleToOthers(path: String, mode: UInt32)
    /// The file belongs to another user.
    case foreignOwner(path: String)
    /// The path does not name a regular file.
    case notAFile(path: String)
    /// The file does not hold exactly 32 bytes.
    case wrongLength(path: String)
    /// The system refuses; the text is its reason.
    case file(path: String, reason: String)
}

extension StoreKeyError: CustomStringConvertible {
    /// A sentence that tells what to do.
    public var description: String {
        switch self {
        case .accessibleToOthers(let path, let mode):
            "the key file \(path) has mode 0\(String(mode, radix: 8)), which lets others use it; run: chmod 600 \(path)"
        case .foreignOwner(let path):
            "the key file \(path) belongs to another user; use a key file of your own"
        case .notAFile(let path):
            "\(path) is not a regular file; name the file that holds the store's key"
        case .wrongLength(let path):
            "the key file \(path) does not hold 32 bytes; restore it from a backup, or remove it and its store"
        case .file(let path, let reason):
            "the key file \(path) cannot be used: \(reason); check the path and its permissions"
        }
    }
}
