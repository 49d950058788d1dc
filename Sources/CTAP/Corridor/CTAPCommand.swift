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
    /// authenticatorBioEnrollment.
    public static let bioEnrollment = CTAPCommand(rawValue: 0x09)
    /// authenticatorCredentialManagement.
    public static let credentialManagement = CTAPCommand(rawValue: 0x0A)
    /// authenticatorSelection.
    public static let selection = CTAPCommand(rawValue: 0x0B)
    /// authenticatorLargeBlobs.
    public static let largeBlobs = CTAPCommand(rawValue: 0x0C)
    /// authenticatorConfig.
    public static let config = CTAPCommand(rawValue: 0x0D)
    /// authenticatorBioEnrollment as FIDO_2_1_PRE had it.
    public static let bioEnrollmentPreview = CTAPCommand(rawValue: 0x40)
    /// authenticatorCredentialManagement as FIDO_2_1_PRE had it.
    public static let credentialManagementPreview = CTAPCommand(rawValue: 0x41)
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
        case .bioEnrollment: "bioEnrollment"
        case .credentialManagement: "credentialManagement"
        case .selection: "selection"
        case .largeBlobs: "largeBlobs"
        case .config: "config"
        case .bioEnrollmentPreview: "bioEnrollment (preview)"
        case .credentialManagementPreview: "credentialManagement (preview)"
        default: "command 0x\(String(rawValue, radix: 16))"
        }
    }
}
