package import Crypto
import FoundationEssentials

/// Bytes that must not be shown: they are zeroed when freed, compared in constant time, and never described.
public struct SecretBytes: Equatable, Sendable {
    // SymmetricKey's storage is what zeroes itself and compares in constant time.
    private let storage: SymmetricKey

    /// Takes bytes over; the caller's copy is the caller's business.
    public init(_ bytes: some Sequence<UInt8>) { storage = SymmetricKey(data: Array(bytes)) }

    /// How many bytes there are.
    public var count: Int { storage.bitCount / 8 }

    /// The bytes themselves, for whoever seals, stores or uses them.
    public func exposeSecret() -> [UInt8] {
        unsafe storage.withUnsafeBytes { unsafe Array($0) }
    }

    /// The bytes as a key for a cipher.
    package var symmetricKey: SymmetricKey { storage }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The length only.
    public var description: String { "\(count) secret bytes" }
    /// The length only.
    public var debugDescription: String { description }
    /// No children, so that dumping a value that holds this one shows nothing either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
