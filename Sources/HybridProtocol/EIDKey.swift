import Crypto
import FoundationEssentials

/// The keys of an advertisement: one that encrypts and one that authenticates its 16-byte content (CTAP 2.3 §11.5.1).
public struct EIDKey: Sendable {
    let encryptionKey: SymmetricKey
    let authenticationKey: SymmetricKey

    init(encryptionKey: some Sequence<UInt8>, authenticationKey: some Sequence<UInt8>) {
        self.encryptionKey = SymmetricKey(data: Array(encryptionKey))
        self.authenticationKey = SymmetricKey(data: Array(authenticationKey))
    }
}

extension EIDKey: CustomStringConvertible {
    /// Nothing of the key.
    public var description: String { "EID key (withheld)" }
}
