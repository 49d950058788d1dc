/// A PIN/UV auth protocol (CTAP 2.3 §6.5.6, §6.5.7): how a platform and an authenticator agree on a secret and use it.
public enum PINUVAuthProtocol: UInt64, Hashable, Sendable, CaseIterable {
    /// Protocol one: one key for everything, an initialization vector of zeros, authentication codes of 16 bytes.
    case one = 1
    /// Protocol two: a key for each purpose, a random initialization vector, authentication codes of 32 bytes.
    case two = 2

    /// Both, most preferred first, as authenticatorGetInfo lists them.
    public static let preferenceOrder: [PINUVAuthProtocol] = [.two, .one]

    /// The length in bytes of what ``PINUVAuthSharedSecret/authenticate(_:)`` yields.
    public var authenticationCodeByteCount: Int {
        switch self {
        case .one: 16
        case .two: 32
        }
    }
}
