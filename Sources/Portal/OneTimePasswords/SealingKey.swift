import CLinuxProcess
import Crypto
import FoundationEssentials
import Glibc

/// Seals the secrets that the database keeps, with a key that lies beside it in a file of its own: who gets hold of the database,
/// or a copy of it, has no secrets.
struct SealingKey: Sendable {
    private static let byteCount = 32
    private let key: SymmetricKey

    /// Reads the key of a database, or makes one where nothing is sealed yet: a key that is lost is not replaced silently.
    ///
    /// - Throws: ``PortalConfigurationError`` that says what to do, or an error of the database.
    init(path: String, of database: PortalDatabase) throws {
        let isAnythingSealed = try database.readAtStart { try OneTimePasswordStore.isOpened(by: nil, in: $0) } != nil
        let sealing = try SealingKey(path: path, mayBeMade: !isAnythingSealed)
        guard try database.readAtStart({ try OneTimePasswordStore.isOpened(by: sealing, in: $0) }) != false else {
            throw PortalConfigurationError.sealingKeyForeign(path)
        }
        self = sealing
    }

    /// Reads the key, or makes one where there is none and one may be made.
    ///
    /// - Throws: ``PortalConfigurationError/sealingKey(_:reason:)`` for a file that cannot be read or made, or is damaged,
    ///   ``PortalConfigurationError/sealingKeyMode(_:mode:)``, ``PortalConfigurationError/sealingKeyMissing(_:)``.
    init(path: String, mayBeMade: Bool = true) throws(PortalConfigurationError) {
        if let bytes = try SealingKey.read(path) {
            key = SymmetricKey(data: bytes)
            return
        }
        guard mayBeMade else { throw .sealingKeyMissing(path) }
        // The name appears with the whole key behind it, and the first of two portals that start at once wins.
        let temporary = "\(path).\(Secret.random(8).map { String($0, radix: 16) }.joined())"
        let fresh = Secret.random(SealingKey.byteCount)
        let descriptor = Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SealingKey.failure(path) }
        defer { unlink(temporary) }
        let isWritten = write(descriptor, fresh, fresh.count) == fresh.count && fsync(descriptor) == 0
        close(descriptor)
        guard isWritten, link(temporary, path) == 0 || errno == EEXIST else { throw SealingKey.failure(path) }
        guard let bytes = try SealingKey.read(path) else { throw SealingKey.failure(path) }
        key = SymmetricKey(data: bytes)
    }

    /// Encrypts a secret for one place; elsewhere it cannot be opened.
    func seal(_ secret: [UInt8], for place: String) throws -> [UInt8] {
        Array(try AES.GCM.seal(secret, using: key, authenticating: Array(place.utf8)).combined ?? Data())
    }

    /// Decrypts what was sealed for a place.
    func open(_ sealed: [UInt8], for place: String) throws -> [UInt8] {
        do {
            let box = try AES.GCM.SealedBox(combined: sealed)
            return Array(try AES.GCM.open(box, using: key, authenticating: Array(place.utf8)))
        } catch {
            throw SealingError.sealedByAnotherKey
        }
    }

    /// A tag that only this portal can compute, for values too short to be hashed.
    func tag(of value: String, for place: String) -> [UInt8] {
        let tagged = Array("\(place)\u{0}\(value)".utf8)
        return Array(HMAC<SHA256>.authenticationCode(for: tagged, using: key))
    }

    private static func read(_ path: String) throws(PortalConfigurationError) -> [UInt8]? {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw failure(path) }
            return nil
        }
        defer { close(descriptor) }
        // Of the file that is open: another may have the name by now.
        let mode = aikagi_descriptor_mode(descriptor) & 0o7777
        guard mode & 0o077 == 0, mode != 0 else { throw .sealingKeyMode(path, mode: String(mode, radix: 8)) }
        var bytes = [UInt8](repeating: 0, count: byteCount + 1)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count == byteCount else {
            throw .sealingKey(path, reason: "it does not hold a key of \(byteCount) bytes")
        }
        return Array(bytes.prefix(byteCount))
    }

    private static func failure(_ path: String) -> PortalConfigurationError {
        .sealingKey(path, reason: String(cString: strerror(errno)))
    }
}

/// Why a sealed secret cannot be opened.
enum SealingError: Error, Equatable {
    /// It is damaged, was made for another place, or with another key.
    case sealedByAnotherKey
}

extension SealingError: CustomStringConvertible {
    /// A sentence for the log.
    var description: String { "a sealed secret does not fit the key file; put back the key, or reset the account" }
}
