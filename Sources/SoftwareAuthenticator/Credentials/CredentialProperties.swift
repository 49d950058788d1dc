public import CTAP

/// What a credential was given by extensions when it was made (CTAP 2.3 §12).
public struct CredentialProperties: Equatable, Sendable {
    /// How it is protected.
    public var protection: CredentialProtection
    /// What its relying party keeps in it (credBlob), if anything.
    public var blob: [UInt8]?
    /// The key for its large blob (largeBlobKey), 32 bytes, if it has one.
    public var largeBlobKey: SecretBytes?
    /// Whether it has room for a large blob of its own (largeBlob).
    public var hasRoomForLargeBlob: Bool
    /// Its large blob, if one was written.
    public var largeBlob: LargeBlobData?
    /// Whether it may be used for payments by others (thirdPartyPayment).
    public var isThirdPartyPaymentEnabled: Bool

    /// By default nothing, and no protection.
    public init(
        protection: CredentialProtection = .userVerificationOptional, blob: [UInt8]? = nil,
        largeBlobKey: SecretBytes? = nil, hasRoomForLargeBlob: Bool = false, largeBlob: LargeBlobData? = nil,
        isThirdPartyPaymentEnabled: Bool = false
    ) {
        self.protection = protection
        self.blob = blob
        self.largeBlobKey = largeBlobKey
        self.hasRoomForLargeBlob = hasRoomForLargeBlob
        self.largeBlob = largeBlob
        self.isThirdPartyPaymentEnabled = isThirdPartyPaymentEnabled
    }
}

extension CredentialProperties: CustomStringConvertible, CustomReflectable {
    /// The protection only.
    public var description: String { "credential properties, protection \(protection.rawValue)" }
    /// No children, so that dumping a value that holds this one shows nothing either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// When a credential may be used without verifying the user (CTAP 2.3 §12.1, credProtect).
public enum CredentialProtection: UInt8, Hashable, Sendable, CaseIterable, Comparable {
    /// Always.
    case userVerificationOptional = 1
    /// When the relying party names it.
    case userVerificationOptionalWithCredentialIDList = 2
    /// Never.
    case userVerificationRequired = 3

    /// By strictness.
    public static func < (left: CredentialProtection, right: CredentialProtection) -> Bool {
        left.rawValue < right.rawValue
    }
}
