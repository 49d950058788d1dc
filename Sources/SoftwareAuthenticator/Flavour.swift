import CTAP
import FoundationEssentials
public import WebAuthnModel

/// Which device the software authenticator stands in for.
public enum Flavour: String, Hashable, Sendable, CaseIterable {
    /// The fingerprint reader of a PC: part of the client device, credentials bound to it, signatures counted.
    case platform
    /// A phone behind the hybrid transport: credentials synchronised between the user's devices, nothing counted.
    case phone
    /// A security key on USB: credentials bound to it, signatures counted.
    case securityKey
}

extension Flavour {
    /// The model that each flavour claims to be.
    ///
    /// These are random UUIDs (RFC 9562 version 4) that were drawn for this project alone; no vendor uses them.
    public var aaguid: AAGUID {
        switch self {
        case .platform: Flavour.platformAAGUID
        case .phone: Flavour.phoneAAGUID
        case .securityKey: Flavour.securityKeyAAGUID
        }
    }

    /// 4294548c-08d6-46d4-9be1-371e5d6fdfdf.
    private static let platformAAGUID = AAGUID(
        UUID(
            uuid: (
                0x42, 0x94, 0x54, 0x8C, 0x08, 0xD6, 0x46, 0xD4, 0x9B, 0xE1, 0x37, 0x1E, 0x5D, 0x6F, 0xDF, 0xDF
            )))

    /// a1cb31ea-1219-4ebd-be23-06fe205eb15b.
    private static let phoneAAGUID = AAGUID(
        UUID(
            uuid: (
                0xA1, 0xCB, 0x31, 0xEA, 0x12, 0x19, 0x4E, 0xBD, 0xBE, 0x23, 0x06, 0xFE, 0x20, 0x5E, 0xB1, 0x5B
            )))

    /// 9e20a388-9ae5-44c4-8a63-16399c9f9917.
    private static let securityKeyAAGUID = AAGUID(
        UUID(
            uuid: (
                0x9E, 0x20, 0xA3, 0x88, 0x9A, 0xE5, 0x44, 0xC4, 0x8A, 0x63, 0x16, 0x39, 0x9C, 0x9F, 0x99, 0x17
            )))

    /// How a client can reach it.
    public var transports: [AuthenticatorTransport] {
        switch self {
        case .platform: [.internal]
        case .phone: [.hybrid, .internal]
        case .securityKey: [.usb]
        }
    }

    /// Whether it is part of the client device: the `plat` option.
    var isPlatform: Bool { self == .platform }

    /// Whether its credentials are synchronised: BE and BS in the authenticator data (WebAuthn Level 3 §6.1.3).
    var synchronisesCredentials: Bool { self == .phone }

    /// Whether its user sees accounts and picks one: then it answers with that one alone, and says so (CTAP 2.3 §6.2.2
    /// step 12).
    var hasDisplay: Bool { self == .phone }

    /// Whether it counts signatures; a synchronised credential's counter stays zero.
    var countsSignatures: Bool { self != .phone }

    /// Whether the salts of its pseudo-random function come in the clear, as extension `prf`, because its transport encrypts;
    /// the others take them encrypted, as `hmac-secret`.
    var takesPRFInTheClear: Bool { self == .phone }

    /// The PIN/UV auth protocols, most preferred first: what `hmac-secret` needs.
    var pinUVAuthProtocols: [PINUVAuthProtocol] { takesPRFInTheClear ? [] : PINUVAuthProtocol.preferenceOrder }

    /// Whether it verifies the user for every credential and every assertion that tests presence, asked to or not: a
    /// phone shows its screen lock each time.
    var alwaysVerifiesUser: Bool { self == .phone }
}
