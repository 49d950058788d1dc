package import Crypto
public import SoftwareAuthenticator

/// The key that seals what a store keeps: 32 random bytes, which live in a file of their own, under a passphrase if
/// there is one.
///
/// Whoever has the database alone learns which relying parties there are accounts at, and nothing else; whoever has the
/// key file as well has everything. Keep the two apart in backups.
public struct StoreKey: Equatable, Sendable {
    /// The length in bytes.
    public static let byteCount = 32

    let secret: SecretBytes

    /// Takes exactly 32 bytes, else `nil`.
    public init?(_ secret: SecretBytes) {
        guard secret.count == StoreKey.byteCount else { return nil }
        self.secret = secret
    }

    /// Reads the key file, or makes one with a random key if there is none.
    ///
    /// The file must belong to whoever runs the program, and nobody else may have any access to it. A new file appears
    /// under its name only once it is complete and on disk.
    ///
    /// - Parameter passphrase: what the key is sealed under, or is to be sealed under when it is made now.
    public init(fileAt path: String, passphrase: Passphrase? = nil) throws(StoreKeyError) {
        var generator = SystemRandomNumberGenerator()
        try self.init(fileAt: path, passphrase: passphrase, using: &generator)
    }

    /// Reads the key file, or makes one with a key drawn from a generator if there is none.
    ///
    /// - Parameter cost: what a guess at the passphrase of a file costs that is made now.
    public init(
        fileAt path: String, passphrase: Passphrase? = nil, cost: PassphraseCost = .standard,
        using generator: inout some RandomNumberGenerator
    ) throws(StoreKeyError) {
        if let bytes = try KeyFile.read(path) {
            self = try KeyFileContent(bytes, path: path).key(passphrase, path: path)
            return
        }
        let bytes = (0..<StoreKey.byteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        guard let drawn = StoreKey(SecretBytes(bytes)) else { throw .wrongLength(path: path) }
        let content = try KeyFileContent(
            drawn, passphrase: passphrase, cost: cost, path: path, using: &generator)
        do throws(PrivateFileError) {
            _ = try PrivateFile.create(path, content.bytes)
        } catch {
            throw .file(path: path, reason: error.reason)
        }
        // Read back rather than trusted: another process may have been first, and then its key counts.
        guard let stored = try KeyFile.read(path) else { throw .file(path: path, reason: "it vanished again") }
        self = try KeyFileContent(stored, path: path).key(passphrase, path: path)
    }

    /// Whether there is a key file, and whether a passphrase is needed for it; `nil` when there is none.
    public static func isSealed(fileAt path: String) throws(StoreKeyError) -> Bool? {
        guard let bytes = try KeyFile.read(path) else { return nil }
        return switch try KeyFileContent(bytes, path: path) {
        case .plain: false
        case .sealed: true
        }
    }

    /// Puts this key into its file anew: under a passphrase, or under none.
    ///
    /// At any moment the file holds the key, in the former way or the new one.
    public func reseal(
        fileAt path: String, under passphrase: Passphrase?, cost: PassphraseCost = .standard
    ) throws(StoreKeyError) {
        var generator = SystemRandomNumberGenerator()
        let content = try KeyFileContent(self, passphrase: passphrase, cost: cost, path: path, using: &generator)
        do throws(PrivateFileError) {
            try PrivateFile.replace(path, content.bytes)
        } catch {
            throw .file(path: path, reason: error.reason)
        }
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
    /// The file holds neither exactly 32 bytes nor a key under a passphrase.
    case wrongLength(path: String)
    /// The key is sealed under a passphrase, and none is given.
    case passphraseNeeded(path: String)
    /// A passphrase is given, and the key is not sealed under any.
    case notSealed(path: String)
    /// What is sealed under a passphrase does not open.
    case sealed(path: String, PassphraseBoxError)
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
        case .passphraseNeeded(let path):
            "the key file \(path) is sealed under a passphrase; give it"
        case .notSealed(let path):
            "the key file \(path) is not sealed under a passphrase; give none, or set it first: aikagi store passphrase"
        case .sealed(let path, let error):
            "the key file \(path) \(error)"
        case .file(let path, let reason):
            "the key file \(path) cannot be used: \(reason); check the path and its permissions"
        }
    }
}
