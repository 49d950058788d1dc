/// A CTAPHID command (CTAP 2.3 §11.2.9), without the bit that marks an initialization packet.
///
/// The set is open: 256 − 128 values are representable, and vendors own `40`–`7F`.
public struct CTAPHIDCommand: RawRepresentable, Hashable, Sendable {
    /// The seven low bits of the command byte; bit 7 is always clear.
    public let rawValue: UInt8

    /// A command of any number; bit 7 is ignored.
    public init(rawValue: UInt8) { self.rawValue = rawValue & 0x7F }

    /// CTAPHID_PING: the same bytes come back.
    public static let ping = CTAPHIDCommand(rawValue: 0x01)
    /// CTAPHID_MSG: a CTAP1/U2F message.
    public static let message = CTAPHIDCommand(rawValue: 0x03)
    /// CTAPHID_LOCK: reserves the device for one channel, for some seconds.
    public static let lock = CTAPHIDCommand(rawValue: 0x04)
    /// CTAPHID_INIT: allocates or resynchronises a channel.
    public static let initialize = CTAPHIDCommand(rawValue: 0x06)
    /// CTAPHID_WINK: the device shows which one it is.
    public static let wink = CTAPHIDCommand(rawValue: 0x08)
    /// CTAPHID_CBOR: a CTAP2 message.
    public static let cbor = CTAPHIDCommand(rawValue: 0x10)
    /// CTAPHID_CANCEL: ends the CTAP2 request that is being executed.
    public static let cancel = CTAPHIDCommand(rawValue: 0x11)
    /// CTAPHID_KEEPALIVE: sent by the device while it executes a request.
    public static let keepalive = CTAPHIDCommand(rawValue: 0x3B)
    /// CTAPHID_ERROR: sent by the device.
    public static let error = CTAPHIDCommand(rawValue: 0x3F)
}

/// The code in a CTAPHID_ERROR message (CTAP 2.3 §11.2.9.1.6); an open set.
public struct CTAPHIDErrorCode: RawRepresentable, Hashable, Sendable {
    /// The byte on the wire.
    public let rawValue: UInt8

    /// A code of any number.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// ERR_INVALID_CMD.
    public static let invalidCommand = CTAPHIDErrorCode(rawValue: 0x01)
    /// ERR_INVALID_PAR.
    public static let invalidParameter = CTAPHIDErrorCode(rawValue: 0x02)
    /// ERR_INVALID_LEN.
    public static let invalidLength = CTAPHIDErrorCode(rawValue: 0x03)
    /// ERR_INVALID_SEQ.
    public static let invalidSequence = CTAPHIDErrorCode(rawValue: 0x04)
    /// ERR_MSG_TIMEOUT.
    public static let messageTimeout = CTAPHIDErrorCode(rawValue: 0x05)
    /// ERR_CHANNEL_BUSY.
    public static let channelBusy = CTAPHIDErrorCode(rawValue: 0x06)
    /// ERR_LOCK_REQUIRED.
    public static let lockRequired = CTAPHIDErrorCode(rawValue: 0x0A)
    /// ERR_INVALID_CHANNEL.
    public static let invalidChannel = CTAPHIDErrorCode(rawValue: 0x0B)
    /// ERR_OTHER.
    public static let other = CTAPHIDErrorCode(rawValue: 0x7F)
}

extension CTAPHIDErrorCode: CustomStringConvertible {
    /// The standard's name, or the number.
    public var description: String {
        switch self {
        case .invalidCommand: "ERR_INVALID_CMD"
        case .invalidParameter: "ERR_INVALID_PAR"
        case .invalidLength: "ERR_INVALID_LEN"
        case .invalidSequence: "ERR_INVALID_SEQ"
        case .messageTimeout: "ERR_MSG_TIMEOUT"
        case .channelBusy: "ERR_CHANNEL_BUSY"
        case .lockRequired: "ERR_LOCK_REQUIRED"
        case .invalidChannel: "ERR_INVALID_CHANNEL"
        case .other: "ERR_OTHER"
        default: "CTAPHID error 0x" + String(rawValue, radix: 16)
        }
    }
}

/// What a device says about itself in the last byte of its INIT reply (CTAP 2.3 §11.2.9.1.3).
public struct CTAPHIDCapabilities: OptionSet, Hashable, Sendable {
    /// The byte on the wire.
    public let rawValue: UInt8

    /// Any combination of bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// CAPABILITY_WINK: CTAPHID_WINK is implemented.
    public static let wink = CTAPHIDCapabilities(rawValue: 0x01)
    /// CAPABILITY_CBOR: CTAPHID_CBOR is implemented.
    public static let cbor = CTAPHIDCapabilities(rawValue: 0x04)
    /// CAPABILITY_NMSG: CTAPHID_MSG is *not* implemented.
    public static let noMessage = CTAPHIDCapabilities(rawValue: 0x08)
}

/// What an authenticator is doing while it executes a request, as CTAPHID_KEEPALIVE tells it (CTAP 2.3 §11.2.9.1.7).
public enum CTAPHIDKeepaliveStatus: UInt8, Hashable, Sendable, CaseIterable {
    /// STATUS_PROCESSING: it computes.
    case processing = 1
    /// STATUS_UPNEEDED: it waits for the user.
    case userPresenceNeeded = 2
}
