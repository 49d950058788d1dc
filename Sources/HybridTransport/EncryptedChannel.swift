import HybridProtocol

/// A data channel after the handshake (CTAP 2.3 §11.5.1.2): what is sent is framed and encrypted, what is received is
/// decrypted, and updates are dropped.
///
/// One task sends and one receives at a time: the order of the messages is that of their nonces.
actor EncryptedChannel {
    /// The most updates that may come instead of the message that is waited for.
    static let maximumUpdateCount = 16

    private let channel: any HybridDataChannel
    private let revision: PostHandshakeMessage.Revision
    private var cipher: HybridTransportCipher
    /// How many updates have come since the last other message.
    private var updateCount = 0

    /// A channel whose post-handshake message has been exchanged.
    init(_ channel: any HybridDataChannel, cipher: HybridTransportCipher, revision: PostHandshakeMessage.Revision) {
        self.channel = channel
        self.cipher = cipher
        self.revision = revision
    }

    /// Sends a message; one that an older peer's revision has no form for is left out.
    func send(_ message: HybridMessage, leg: HybridSessionError.Leg) async throws {
        let plaintext: [UInt8]
        switch (revision, message) {
        case (.typed, _): plaintext = message.encoded()
        case (.withoutTypes, .ctap(let body)): plaintext = body
        case (.withoutTypes, _): return
        }
        let sealed: [UInt8]
        do throws(HybridCipherError) {
            sealed = try cipher.seal(plaintext)
        } catch {
            throw HybridSessionError.cipher(leg, error)
        }
        try await channel.send(sealed, leg: leg)
    }

    /// Waits for the next message that is no update; a cancelled wait takes none.
    ///
    /// The specification lets updates come at any time and their content be ignored. Their number is bounded, so that a
    /// peer cannot keep this side here for ever.
    ///
    /// - Returns: `nil` once the other side has closed.
    func receive(leg: HybridSessionError.Leg) async throws -> HybridMessage? {
        while true {
            guard let bytes = try await channel.receive(leg: leg) else { return nil }
            if let message = try open(bytes, leg: leg) { return message }
        }
    }

    /// Takes a message that is no update and has come already, without waiting; `nil` when there is none.
    func takeWaiting(leg: HybridSessionError.Leg) throws(HybridSessionError) -> HybridMessage? {
        while let bytes = channel.takeWaiting() {
            if let message = try open(bytes, leg: leg) { return message }
        }
        return nil
    }

    /// Decrypts a message; `nil` for an update.
    private func open(_ bytes: [UInt8], leg: HybridSessionError.Leg) throws(HybridSessionError) -> HybridMessage? {
        let message = try decode(bytes, leg: leg)
        guard case .update = message else {
            updateCount = 0
            return message
        }
        updateCount += 1
        guard updateCount <= Self.maximumUpdateCount else { throw .unexpectedMessage(leg, "too many updates") }
        return nil
    }

    private func decode(_ bytes: [UInt8], leg: HybridSessionError.Leg) throws(HybridSessionError) -> HybridMessage {
        let plaintext: [UInt8]
        do throws(HybridCipherError) {
            plaintext = try cipher.open(bytes)
        } catch {
            throw .cipher(leg, error)
        }
        guard revision == .typed else { return .ctap(plaintext) }
        do throws(HybridMessageError) {
            return try HybridMessage(decoding: plaintext)
        } catch {
            throw .message(leg, error)
        }
    }
}
