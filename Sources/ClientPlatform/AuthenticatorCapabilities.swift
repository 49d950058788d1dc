import CTAP
import WebAuthnModel

/// Turns a relying party's wishes into CTAP options, by what authenticatorGetInfo says (CTAP 2.3 §6.4, option IDs).
struct AuthenticatorCapabilities {
    let info: AuthenticatorInfo

    /// `rk`: absent for "no".
    func discoverable(_ selection: AuthenticatorSelectionCriteria?) throws(ClientPlatformError) -> Bool? {
        // The Level 1 member counts only where the newer one is absent (§5.4.4).
        let requirement = selection?.residentKey ?? (selection?.requireResidentKey == true ? .required : .discouraged)
        let isSupported = info.options["rk"] == true
        switch requirement {
        case .required:
            guard isSupported else { throw .discoverableNotSupported }
            return true
        case .preferred: return isSupported ? true : nil
        case .discouraged: return nil
        }
    }

    /// `uv` of makeCredential: absent for "no".
    ///
    /// An authenticator that is set up for user verification asks for it at every makeCredential, unless it says
    /// otherwise with `makeCredUvNotRqd` (CTAP 2.3 §6.1.2).
    func userVerificationForCreation(_ requirement: Requirement?) throws(ClientPlatformError) -> Bool? {
        try userVerification(requirement, isAlwaysNeeded: info.options["makeCredUvNotRqd"] != true)
    }

    /// `uv` of getAssertion: absent for "no".
    func userVerificationForAssertion(_ requirement: Requirement?) throws(ClientPlatformError) -> Bool? {
        try userVerification(requirement, isAlwaysNeeded: false)
    }

    /// Deviation: a PIN is not asked for; only built-in user verification counts.
    private func userVerification(
        _ requirement: Requirement?, isAlwaysNeeded: Bool
    ) throws(ClientPlatformError) -> Bool? {
        let isAvailable = info.options["uv"] == true
        switch requirement ?? .preferred {
        case .required:
            guard isAvailable else { throw .userVerificationUnavailable }
            return true
        case .preferred: return isAvailable ? true : nil
        case .discouraged: return isAvailable && (isAlwaysNeeded || info.options["alwaysUv"] == true) ? true : nil
        }
    }
}
