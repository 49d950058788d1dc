import CTAP

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
    ///
    /// The choice is the authenticator's (makeCredUvNotRqd). Suites for CTAP 2.0 and 2.1 expect it not to.
    var waivesVerificationForRegistration: Bool { isCurrent }

    /// Whether a token for registrations or logins can be had without naming the relying party; the first one that it is
    /// used for is then its own, as with getPinToken.
    ///
    /// CTAP 2.1 §6.5.5.7 says in its table of permissions that a relying party is required, and has no step that checks it.
    var issuesUnboundTokens: Bool { self == .ctap21 }

    /// Whether all credentials of an allow list that fit are handed out, one after the other, as suites for CTAP 2.0 expect;
    /// CTAP 2.1 §6.2.2 has one of them chosen.
    var handsOutAllListed: Bool { self == .compat20 }

    /// What an algorithm without number or type is answered with.
    ///
    /// CTAP 2.0 fixes no status, and its suites expect CTAP2_ERR_MISSING_PARAMETER.
    var statusOfIncompleteAlgorithm: CTAPStatus { self == .compat20 ? .missingParameter : .invalidCBOR }

    /// Whether the option `up` has no meaning in authenticatorMakeCredential, whatever its value.
    ///
    /// CTAP 2.0 §5.1: known, but not valid for this command. CTAP 2.1 and later accept `true`.
    var refusesPresenceOptionForRegistration: Bool { self == .compat20 }
}
