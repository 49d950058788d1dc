import Foundation
import SoftwareAuthenticator

/// What a person remembers instead of keeping a key file secret.
///
/// Its bytes are the UTF-8 of the text in Unicode's normalization form C, so that it does not matter how an input method
/// composes letters (RFC 8265 §4.2.2).
public struct Passphrase: Equatable, Sendable {
    /// The longest, in bytes.
    public static let maximumByteCount = 1024

    let bytes: SecretBytes

    /// Takes a text that is neither empty nor longer than ``maximumByteCount``, else `nil`.
    public init?(_ text: String) {
        let bytes = Array(text.precomposedStringWithCanonicalMapping.utf8)
        guard !bytes.isEmpty, bytes.count <= Passphrase.maximumByteCount else { return nil }
        self.bytes = SecretBytes(bytes)
    }
}

extension Passphrase: CustomStringConvertible, CustomReflectable {
    /// Nothing about the bytes.
    public var description: String { "passphrase" }
    /// No children, so that dumping a value that holds this one shows nothing either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What a guess at a passphrase costs: the parameters of scrypt (RFC 7914).
public struct PassphraseCost: Hashable, Sendable {
    /// The binary logarithm of the cost N.
    public let logarithmOfRounds: UInt8
    /// The block size r.
    public let blockSize: UInt8
    /// The parallelisation p.
    public let parallelism: UInt8

    /// 2¹⁵, 8, 3: one of the equivalent minima of OWASP's Password Storage Cheat Sheet; 32 MiB and a fraction of a second.
    public static let standard = PassphraseCost(unchecked: 15, 8, 3)

    /// Takes parameters that need at most 256 MiB and some forty times the work of ``standard``, else `nil`: a file of strangers must
    /// not occupy the machine.
    public init?(logarithmOfRounds: UInt8, blockSize: UInt8, parallelism: UInt8) {
        guard (1...20).contains(logarithmOfRounds), (1...32).contains(blockSize), (1...16).contains(parallelism),
            (1 << Int(logarithmOfRounds)) * Int(blockSize) <= 1 << 21
        else { return nil }
        self.init(unchecked: logarithmOfRounds, blockSize, parallelism)
    }

    private init(unchecked logarithmOfRounds: UInt8, _ blockSize: UInt8, _ parallelism: UInt8) {
        (self.logarithmOfRounds, self.blockSize, self.parallelism) = (logarithmOfRounds, blockSize, parallelism)
    }
}
