import SoftwareAuthenticator

/// What a key file holds: 32 bytes, or a ``PassphraseBox`` of them.
enum KeyFileContent {
    case plain(StoreKey)
    case sealed(PassphraseBox)

    /// The longest file there is.
    static let maximumByteCount = StoreKey.byteCount + PassphraseBox.overhead

    /// Reads the bytes of a file.
    init(_ bytes: [UInt8], path: String) throws(StoreKeyError) {
        if let key = StoreKey(SecretBytes(bytes)) {
            self = .plain(key)
            return
        }
        do throws(PassphraseBoxError) {
            self = .sealed(try PassphraseBox(decoding: bytes, purpose: .storeKey))
        } catch .notABox {
            throw .wrongLength(path: path)
        } catch {
            throw .sealed(path: path, error)
        }
    }

    /// A key's file content: sealed where there is a passphrase.
    init(
        _ key: StoreKey, passphrase: Passphrase?, cost: PassphraseCost, path: String,
        using generator: inout some RandomNumberGenerator
    ) throws(StoreKeyError) {
        guard let passphrase else {
            self = .plain(key)
            return
        }
        do throws(PassphraseBoxError) {
            self = .sealed(
                try PassphraseBox(
                    sealing: key.secret, under: passphrase, purpose: .storeKey, cost: cost, using: &generator))
        } catch {
            throw .sealed(path: path, error)
        }
    }

    /// The file's bytes.
    var bytes: [UInt8] {
        switch self {
        case .plain(let key): key.secret.exposeSecret()
        case .sealed(let box): box.encoded
        }
    }

    /// The key; a passphrase is needed for a sealed one, and refused for any other.
    func key(_ passphrase: Passphrase?, path: String) throws(StoreKeyError) -> StoreKey {
        switch (self, passphrase) {
        case (.plain(let key), nil): return key
        // Taken silently, it would let somebody believe that the key is protected by it.
        case (.plain, _?): throw .notSealed(path: path)
        case (.sealed, nil): throw .passphraseNeeded(path: path)
        case (.sealed(let box), let passphrase?):
            let content: SecretBytes
            do throws(PassphraseBoxError) {
                content = try box.open(with: passphrase)
            } catch {
                throw .sealed(path: path, error)
            }
            guard let key = StoreKey(content) else { throw .wrongLength(path: path) }
            return key
        }
    }
}
