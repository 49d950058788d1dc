import ArgumentParser
import CredentialStorage
import Foundation
import SupplementaryKeys

/// The file of `aikagi store export` and `aikagi store import`.
enum ExportFile {
    /// A store of 100,000 credentials fits several times.
    private static let maximumByteCount = 512 << 20

    static let passphraseFileHelp = ArgumentHelp(
        "A file whose only line is the passphrase of the exported file.",
        discussion: "Default: asked for at the terminal.", valueName: "file")

    /// Refuses a path where there is something, before anybody is asked for a passphrase.
    static func refuseExisting(_ path: String) throws {
        // A symbolic link is something, wherever it leads.
        guard (try? FileManager.default.attributesOfItem(atPath: path)) == nil else {
            throw NewFileError.exists(path: path)
        }
    }

    /// Writes an export: whole and with mode 0600, or not at all.
    static func write(_ export: StoreExport, to path: String, under passphrase: Passphrase) throws {
        var generator = SystemRandomNumberGenerator()
        let box = try PassphraseBox(
            sealing: try export.encoded(), under: passphrase, purpose: .export, using: &generator)
        try box.write(toNewFileAt: path)
    }

    /// Reads a sealed export.
    static func read(_ path: String) async throws -> PassphraseBox {
        let bytes = try await InputFile.read(path, limit: maximumByteCount)
        do {
            return try PassphraseBox(decoding: bytes, purpose: .export)
        } catch {
            throw CommandFailure("'\(path)' \(error)")
        }
    }

    /// Opens a sealed export.
    static func open(_ box: PassphraseBox, with passphrase: Passphrase, name: String) throws -> StoreExport {
        do {
            return try StoreExport(decoding: try box.open(with: passphrase), supplement: .all)
        } catch let error as PassphraseBoxError {
            throw CommandFailure("'\(name)' \(error)")
        }
    }
}
