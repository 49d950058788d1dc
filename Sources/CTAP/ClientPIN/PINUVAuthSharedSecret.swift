import Crypto
import CryptoExtras
import FoundationEssentials

/// The secret that a platform and an authenticator have agreed on, and what either does with it (CTAP 2.3 §6.5.4).
public struct PINUVAuthSharedSecret: Equatable, Sendable {
    private static let blockByteCount = 16

    /// The protocol it was agreed on by.
    public let pinUVAuthProtocol: PINUVAuthProtocol
    private let hmacKey: SymmetricKey
    private let aesKey: SymmetricKey

    /// The protocol's `kdf` of the x-coordinate of the point that both have computed.
    init(_ pinUVAuthProtocol: PINUVAuthProtocol, z: SharedSecret) {
        self.pinUVAuthProtocol = pinUVAuthProtocol
        switch pinUVAuthProtocol {
        case .one:
            // §6.5.6: SHA-256(Z).
            var hash = SHA256()
            unsafe z.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
            let key = SymmetricKey(data: hash.finalize())
            (hmacKey, aesKey) = (key, key)
        case .two:
            // §6.5.7: two calls of HKDF-SHA-256, each with a salt of 32 zero bytes.
            func derive(_ info: String) -> SymmetricKey {
                z.hkdfDerivedSymmetricKey(
                    using: SHA256.self, salt: [UInt8](repeating: 0, count: 32), sharedInfo: Array(info.utf8),
                    outputByteCount: 32)
            }
            (hmacKey, aesKey) = (derive("CTAP2 HMAC key"), derive("CTAP2 AES key"))
        }
    }

    /// `encrypt`: AES-256-CBC without padding, behind its initialization vector where that is not zero.
    ///
    /// - Parameters:
    ///   - plaintext: whole blocks of 16 bytes.
    ///   - generator: draws protocol two's initialization vector.
    /// - Throws: ``PINUVAuthError/length(_:)`` when the plaintext is not whole blocks.
    public func encrypt(
        _ plaintext: [UInt8], using generator: inout some RandomNumberGenerator
    ) throws(PINUVAuthError) -> [UInt8] {
        guard plaintext.count.isMultiple(of: Self.blockByteCount) else { throw .length(plaintext.count) }
        let vector = initializationVector(using: &generator)
        guard !plaintext.isEmpty else { return prefix(vector) }  // the library takes no empty message
        do {
            let ciphertext = try AES._CBC.encrypt(
                plaintext, using: aesKey, iv: AES._CBC.IV(ivBytes: vector), noPadding: true)
            return prefix(vector) + Array(ciphertext)
        } catch {
            throw .library(String(describing: error))
        }
    }

    /// `decrypt`: the inverse of ``encrypt(_:using:)``.
    ///
    /// - Throws: ``PINUVAuthError/length(_:)`` when the ciphertext is not whole blocks, or lacks its initialization vector.
    public func decrypt(_ ciphertext: [UInt8]) throws(PINUVAuthError) -> [UInt8] {
        guard ciphertext.count.isMultiple(of: Self.blockByteCount) else { throw .length(ciphertext.count) }
        let vector: [UInt8]
        let blocks: [UInt8]
        switch pinUVAuthProtocol {
        case .one:
            (vector, blocks) = ([UInt8](repeating: 0, count: Self.blockByteCount), ciphertext)
        case .two:
            guard ciphertext.count >= Self.blockByteCount else { throw .length(ciphertext.count) }
            vector = Array(ciphertext.prefix(Self.blockByteCount))
            blocks = Array(ciphertext.dropFirst(Self.blockByteCount))
        }
        guard !blocks.isEmpty else { return [] }
        do {
            return Array(
                try AES._CBC.decrypt(blocks, using: aesKey, iv: AES._CBC.IV(ivBytes: vector), noPadding: true))
        } catch {
            throw .library(String(describing: error))
        }
    }

    /// `authenticate`: HMAC-SHA-256, of protocol one the first 16 bytes.
    public func authenticate(_ message: [UInt8]) -> [UInt8] {
        let code = HMAC<SHA256>.authenticationCode(for: message, using: hmacKey)
        return Array(code.prefix(pinUVAuthProtocol.authenticationCodeByteCount))
    }

    /// `verify`: whether a code is exactly what ``authenticate(_:)`` yields; takes the same time for every wrong code.
    public func isValid(_ code: [UInt8], for message: [UInt8]) -> Bool {
        // Comparing keys is the library's comparison in constant time.
        SymmetricKey(data: authenticate(message)) == SymmetricKey(data: code)
    }

    private func initializationVector(using generator: inout some RandomNumberGenerator) -> [UInt8] {
        switch pinUVAuthProtocol {
        case .one: [UInt8](repeating: 0, count: Self.blockByteCount)
        case .two: randomBytes(Self.blockByteCount, using: &generator)
        }
    }

    /// What goes before a ciphertext: nothing where the vector is known to both sides anyway.
    private func prefix(_ vector: [UInt8]) -> [UInt8] {
        switch pinUVAuthProtocol {
        case .one: []
        case .two: vector
        }
    }
}

extension PINUVAuthSharedSecret: CustomStringConvertible, CustomReflectable {
    /// The protocol only.
    public var description: String { "shared secret of PIN/UV auth protocol \(pinUVAuthProtocol)" }
    /// No children, so that dumping a value that holds this one shows nothing either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
