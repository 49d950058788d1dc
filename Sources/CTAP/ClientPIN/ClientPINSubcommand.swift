/// A subcommand of authenticatorClientPIN (CTAP 2.3 §6.5.5); every number can be carried.
public struct ClientPINSubcommand: RawRepresentable, Hashable, Sendable {
    /// The number.
    public let rawValue: UInt64

    /// Any number.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// getPINRetries.
    public static let getPINRetries = ClientPINSubcommand(rawValue: 0x01)
    /// getKeyAgreement.
    public static let getKeyAgreement = ClientPINSubcommand(rawValue: 0x02)
    /// setPIN.
    public static let setPIN = ClientPINSubcommand(rawValue: 0x03)
    /// changePIN.
    public static let changePIN = ClientPINSubcommand(rawValue: 0x04)
    /// getPinToken.
    public static let getPINToken = ClientPINSubcommand(rawValue: 0x05)
    /// getPinUvAuthTokenUsingUvWithPermissions.
    public static let getTokenUsingUV = ClientPINSubcommand(rawValue: 0x06)
    /// getUVRetries.
    public static let getUVRetries = ClientPINSubcommand(rawValue: 0x07)
    /// getPinUvAuthTokenUsingPinWithPermissions.
    public static let getTokenUsingPIN = ClientPINSubcommand(rawValue: 0x09)
}
