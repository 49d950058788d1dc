import CredentialStorage

/// A passphrase that somebody gives: in a file, or by typing it.
enum PassphraseInput {
    /// The passphrase in a file, which is its only line.
    static func read(_ path: String) async throws -> Passphrase {
        var text = try await InputFile.text(path, limit: Passphrase.maximumByteCount + 2)
        if text.hasSuffix("\n") || text.hasSuffix("\r\n") { text.removeLast() }
        guard !text.contains(where: \.isNewline) else {
            throw CommandFailure("'\(path)' has more than one line; a passphrase is one")
        }
        guard let passphrase = Passphrase(text) else {
            throw CommandFailure("'\(path)' is empty; write the passphrase into it")
        }
        return passphrase
    }

    /// The passphrase that the person at the terminal types, which is not shown.
    ///
    /// - Parameters:
    ///   - question: what is asked for: "Passphrase of FILE".
    ///   - otherwise: what to do where there is no terminal.
    static func ask(_ question: String, otherwise: String) async throws -> Passphrase {
        guard let terminal = ControllingTerminal() else {
            throw CommandFailure("there is no terminal to ask for a passphrase at; \(otherwise)")
        }
        guard
            let text = await terminal.hiddenLine(
                "\(question.printable): ", maximumByteCount: Passphrase.maximumByteCount)
        else {
            try Task.checkCancellation()
            throw CommandFailure("no passphrase was typed; \(otherwise)")
        }
        guard let passphrase = Passphrase(text) else { throw CommandFailure("the passphrase is empty or too long") }
        return passphrase
    }

    /// A new passphrase: from a file, or typed twice alike.
    static func new(file: String?, option: String, question: String) async throws -> Passphrase {
        if let file { return try await read(file) }
        let otherwise = "give \(option)"
        let passphrase = try await ask(question, otherwise: otherwise)
        guard try await ask("The same once more", otherwise: otherwise) == passphrase else {
            throw CommandFailure("the two passphrases are not the same")
        }
        return passphrase
    }
}
