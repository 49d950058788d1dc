import Crypto
import FoundationEssentials

/// A PIN/UV auth token: 32 random bytes that prove a verified user for a while (CTAP 2.3 §6.5.2.1).
public struct PINUVAuthToken: Equatable, Sendable {
    /// The length in bytes; protocol one would allow 16 as well.
    public static let byteCount = 32

    /// The protocol whose codes it makes.
    public let pinUVAuthProtocol: PINUVAuthProtocol
    private let key: SymmetricKey

    /// Takes 32 bytes; `nil` for any other number.
    public init?(_ pinUVAuthProtocol: PINUVAuthProtocol, bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.pinUVAuthProtocol = pinUVAuthProtocol
        key = SymmetricKey(data: bytes)
    }

    /// The bytes, to be encrypted for a platform or sealed in a store.
    public func exposeSecret() -> [UInt8] { unsafe key.withUnsafeBytes { unsafe Array($0) } }

    /// `authenticate`: the code over a message.
    public func authenticate(_ message: [UInt8]) -> [UInt8] {
        let code = Array(HMAC<SHA256>.authenticationCode(for: message, using: key))
        return Array(code.prefix(pinUVAuthProtocol.authenticationCodeByteCount))
    }

    /// `verify`: whether a code is exactly what ``authenticate(_:)`` yields; takes the same time for every wrong code.
    public func isValid(_ code: [UInt8], for message: [UInt8]) -> Bool {
        // Comparing keys is the library's comparison in constant time.
        SymmetricKey(data: authenticate(message)) == SymmetricKey(data: code)
    }
}

extension PINUVAuthToken: CustomStringConvertible, CustomReflectable {
    /// The protocol only.
    public var description: String { "token of PIN/UV auth protocol \(pinUVAuthProtocol)" }
    /// No children, so that dumping a value that holds this one shows nothing either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What a PIN/UV auth token is good for (CTAP 2.3 §6.5.5.7, permissions).
public struct PINUVAuthPermissions: OptionSet, Hashable, Sendable {
    /// The bits; undefined ones are carried and mean nothing.
    public let rawValue: UInt64

    /// Any bits.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// `mc`: makeCredential.
    public static let makeCredential = PINUVAuthPermissions(rawValue: 0x01)
    /// `ga`: getAssertion.
    public static let getAssertion = PINUVAuthPermissions(rawValue: 0x02)
    /// `cm`: credential management.
    public static let credentialManagement = PINUVAuthPermissions(rawValue: 0x04)
    /// `be`: bio enrollment.
    public static let bioEnrollment = PINUVAuthPermissions(rawValue: 0x08)
    /// `lbw`: writing large blobs.
    public static let largeBlobWrite = PINUVAuthPermissions(rawValue: 0x10)
    /// `acfg`: authenticator configuration.
    public static let authenticatorConfiguration = PINUVAuthPermissions(rawValue: 0x20)
    /// `pcmr`: reading credentials with a persistent token.
    public static let persistentCredentialManagementReadOnly = PINUVAuthPermissions(rawValue: 0x40)
}
