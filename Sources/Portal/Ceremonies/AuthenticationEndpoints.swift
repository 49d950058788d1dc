import FoundationEssentials
import GRDB
import Hummingbird
import RelyingParty
import WebAuthnModel

/// Logging in with a passkey (★): after the password, or alone.
///
/// Both are `POST` with `Content-Type: application/json`, the visit's cookie (any that a page of the portal has set),
/// and an `Origin` of the portal (or `Sec-Fetch-Site: same-origin`). Who has not logged in may begin a limited number of
/// ceremonies per network address.
///
/// - `/webauthn/authentication/options`: body `{}`, or with ``CeremonyWishes``; answer `PublicKeyCredentialRequestOptionsJSON`, with the account's credentials
///   when the password was given before.
/// - `/webauthn/authentication/verification`: body `AuthenticationResponseJSON`; answer `{"next": path}` and a new cookie.
///
/// A failure is a 4xx or 5xx with `{"error": code, "message": sentence}`; see ``PortalFailure/code``.
struct AuthenticationEndpoints: Sendable {
    let core: PortalCore

    @Sendable func options(_ request: Request, _ context: PortalContext) async throws -> Response {
        let body = try await JSONRequest.body(of: request, core: core)
        let wishes = try CeremonyWishes(body: body)
        let session = context.session
        guard !session.isNew else { throw PortalFailure.loginRequired }
        let now = core.now
        let relyingParty = try core.relyingParty()
        let address = context.remoteAddress
        // A delay is no error of the transaction: what was noted about the time stays.
        let options = try await core.database.writeSoon {
            database -> Result<PublicKeyCredentialRequestOptions, PortalFailure> in
            if session.visitor == nil {
                let key = AttemptLimiter.Key.ceremonies(address: address)
                if case .delayed(let seconds) = try AttemptLimiter.admit([key], now: now, in: database) {
                    return .failure(.tooManyAttempts(seconds: seconds))
                }
            }
            var generator = SystemRandomNumberGenerator()
            var passkeys = try session.visitor.map { try Passkey.all(of: $0.account.id, in: database) } ?? []
            if let wanted = wishes.credentialId {
                passkeys.removeAll { $0.credentialID != wanted.bytes }
                guard !passkeys.isEmpty else { return .failure(.credentialUnknown) }
            }
            var (options, ceremony) = relyingParty.authenticationOptions(
                for: session.visitor?.account.userHandle, allowing: passkeys.map(\.record),
                userVerification: .required, hints: wishes.hints, now: now, using: &generator)
            try CeremonyStore.open(ceremony, for: session, now: now, in: database)
            if wishes.prf == true {
                options.extensions = DerivedSecret(relyingPartyID: relyingParty.id).extensions
            }
            return .success(options)
        }
        return core.json(try options.get())
    }

    @Sendable func verification(_ request: Request, _ context: PortalContext) async throws -> Response {
        let body = try await JSONRequest.body(of: request, core: core)
        let session = context.session
        let now = core.now
        // A valid signature cannot be guessed; counting by address keeps the load of wrong ones low.
        let address = context.remoteAddress
        let key = AttemptLimiter.Key.address(address)
        let response = Result { try WebAuthnRelyingParty.authenticationResponse(json: body) }
        let core = core
        // One transaction, so that two answers cannot both use one challenge or pass the same signature counter, and a
        // login waits for the disk once.
        let outcome = try await core.database.write {
            database -> Result<(secret: [UInt8], next: String), any Error> in
            if let seconds = try AttemptLimiter.delay([key], now: now, in: database) {
                return .failure(PortalFailure.tooManyAttempts(seconds: seconds))
            }
            do {
                let response = try response.get()
                // 1. Take the ceremony out; whatever follows, its challenge is used.
                let ceremony = try CeremonyStore.redeem(
                    challenge: try WebAuthnRelyingParty.challenge(in: response), for: session, now: now, in: database)
                // 2. Verify, and begin the visit; what this has changed is undone if it fails.
                let result = try database.undoingFailure {
                    try logIn(with: response, for: ceremony, from: session, now: now, in: database)
                }
                // 3. What turned out well slows nobody down.
                try CeremonyStore.removeAll(of: session, in: database)
                if session.visitor == nil {
                    try AttemptLimiter.withdrawLast(.ceremonies(address: address), in: database)
                }
                return .success(result)
            } catch {
                try AttemptLimiter.count([key], now: now, in: database)
                return .failure(error)
            }
        }
        do {
            let (secret, next) = try outcome.get()
            return core.json(CeremonyOutcome(next: next)).withCookie(core.sessionCookie(secret))
        } catch {
            throw CeremonyOutcome.failure(from: error, logger: context.logger)
        }
    }

    /// Verifies a response and begins the visit.
    ///
    /// - Returns: The secret for the cookie, and the next page.
    private func logIn(
        with response: AuthenticationResponse, for ceremony: Ceremony, from session: Session, now: Date,
        in database: Database
    ) throws -> (secret: [UInt8], next: String) {
        let passkey = try Passkey.find(response.rawId.bytes, in: database)
        let result = try core.relyingParty().verify(
            authentication: response, for: ceremony, record: passkey?.record, now: now)
        guard let passkey, let account = try Account.find(passkey.accountID, in: database),
            account.userHandle == result.record.userHandle.bytes
        else { throw PortalFailure.credentialUnknown }
        if let visitor = session.visitor, visitor.account.id != account.id { throw PortalFailure.notVerified }
        try Passkey.update(result.record, usedAt: now, in: database)
        return try core.goOn(
            as: account.id, level: .passkey, credentialID: result.record.id.bytes, from: session, in: database)
    }
}
