/// A CTAP2 command byte (CTAP 2.3 §6); every byte can be carried, so that a bridge passes on what it does not know.
public struct CTAPCommand: RawRepresentable, Hashable, Sendable {
    /// The byte.
    public let rawValue: UInt8

    /// Any byte.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// authenticatorMakeCredential.
    public static let makeCredential = CTAPCommand(rawValue: 0x01)
    /// authenticatorGetAssertion.
    public static let getAssertion = CTAPCommand(rawValue: 0x02)
    /// authenticatorGetInfo.
    public static let getInfo = CTAPCommand(rawValue: 0x04)
    /// authenticatorClientPIN.
    public static let clientPIN = CTAPCommand(rawValue: 0x06)
    /// authenticatorReset.
    public static let reset = CTAPCommand(rawValue: 0x07)
    /// authenticatorGetNextAssertion.
    public static let getNextAssertion = CTAPCommand(rawValue: 0x08)
    /// authenticatorSelection.
    public static let selection = CTAPCommand(rawValue: 0x0B)
}

extension CTAPCommand: CustomStringConvertible {
    /// The specification's name, where it is known here.
    public var description: String {
        switch self {
        case .makeCredential: "makeCredential"
        case .getAssertion: "getAssertion"
        case .getInfo: "getInfo"
        case .clientPIN: "clientPIN"
        case .reset: "reset"
        case .getNextAssertion: "getNextAssertion"
        case .selection: "selection"
        default: "command 0x\(String(rawValue, radix: 16))"
        }
    }
}
