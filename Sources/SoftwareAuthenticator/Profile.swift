/// Which edition of CTAP an authenticator keeps to, where they differ.
public enum Profile: String, Hashable, Sendable, CaseIterable {
    /// CTAP 2.3, and what it keeps of 2.2, 2.1 and 2.0.
    case ctap23
    /// CTAP 2.1 with the commands of its preview (FIDO_2_1_PRE).
    case ctap21
    /// CTAP 2.0, for clients and suites from before 2021.
    case compat20
}

extension Profile {
    /// The versions that authenticatorGetInfo names, without U2F_V2.
    var versions: [String] {
        switch self {
        case .ctap23: ["FIDO_2_0", "FIDO_2_1", "FIDO_2_3"]
        case .ctap21: ["FIDO_2_0", "FIDO_2_1_PRE", "FIDO_2_1"]
        case .compat20: ["FIDO_2_0"]
        }
    }

    /// Whether what came with CTAP 2.1 is there: tokens with permissions, credential management, configuration, large blobs.
    var hasManagement: Bool { self != .compat20 }

    /// Whether what came with CTAP 2.2 and 2.3 is there: the persistent token, hmac-secret-mc, and the like.
    var isCurrent: Bool { self == .ctap23 }

    /// Whether the commands of the preview are there.
    var hasPreviewCommands: Bool { self == .ctap21 }

    /// Whether credentials that are not discoverable can be made without verifying the user although that is possible.
    var waivesVerificationForRegistration: Bool { self != .compat20 }
}
