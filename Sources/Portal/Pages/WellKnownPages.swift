import Hummingbird

/// What password managers look for at places of their own.
struct WellKnownPages: Sendable {
    let core: PortalCore

    /// Where passkeys are added and managed (W3C, "A Well-Known URL for Relying Party Passkey Endpoints").
    private struct PasskeyEndpoints: Encodable {
        let enroll: String
        let manage: String
    }

    @Sendable func passkeyEndpoints(_ request: Request, _ context: PortalContext) async throws -> Response {
        let base = core.origins.base
        return core.json(PasskeyEndpoints(enroll: "\(base)/passkeys/new", manage: "\(base)/settings/passkeys"))
    }

    /// Where the password is changed (W3C, "A Well-Known URL for Changing Passwords").
    @Sendable func changePassword(_ request: Request, _ context: PortalContext) async throws -> Response {
        core.redirect(to: "/settings/password")
    }
}
