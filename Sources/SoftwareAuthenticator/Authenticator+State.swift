import CTAP
import Crypto
import FoundationEssentials

extension Authenticator {
    /// What is kept besides credentials; a new device's when there is nothing yet.
    func state() async throws -> AuthenticatorState {
        if let state = try await store.state() { return state }
        return try await change { _ in }
    }

    /// Changes what is kept, in one step; it is on disk when this returns.
    @discardableResult
    func change(
        _ body: @escaping @Sendable (inout AuthenticatorState) throws -> Void
    ) async throws -> AuthenticatorState {
        try await store.updateState(orBeginningWith: newState(), body)
    }

    /// The state of a device as it leaves the factory: with the fingers that the configuration enrols.
    func newState() -> AuthenticatorState {
        let templates = configuration.enrolledFingers.map { finger in
            FingerprintTemplate(id: randomBytes(16, using: &randomness), friendlyName: finger, finger: finger)
        }
        return AuthenticatorState(templates: templates, using: &randomness)
    }

    /// Whether the user can be verified by built-in means right now: the option `uv`.
    func canVerifyUser(_ state: AuthenticatorState) -> Bool {
        configuration.verifiesUser && (configuration.flavour == .phone || !state.templates.isEmpty)
    }

    /// "Protected by some form of user verification": a PIN is set, or the user can be verified.
    func isProtected(_ state: AuthenticatorState) -> Bool { state.pin != nil || canVerifyUser(state) }

    /// The refusal of a request that needs a verified user and has none: the platform can get a token, or it cannot.
    var unverifiedStatus: CTAPStatus { configuration.supportsPIN ? .puatRequired : .operationDenied }

    /// Forgets all tokens that are in use, and what was begun with them (CTAP 2.3 §6.5.2.1, stopUsingPinUvAuthToken).
    func forgetTokens() {
        tokens = [:]
        remainingAssertions = nil
        enumerations = CredentialEnumerations()
        largeBlobWrite = nil
    }
}
