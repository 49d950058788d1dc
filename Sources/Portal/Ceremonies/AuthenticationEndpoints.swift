import FoundationEssentials
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
        let options = try await core.database.write { database in
            if session.visitor == nil {
                let key = AttemptLimiter.Key.ceremonies(address: address)
                if case .delayed(let seconds) = try AttemptLimiter.admit([key], now: now, in: database) {
                    throw PortalFailure.tooManyAttempts(seconds: seconds)
                }
            }
            var generator = SystemRandomNumberGenerator()
            let passkeys = try session.visitor.map { try Passkey.all(of: $0.account.id, in: database) } ?? []
            let (options, ceremony) = relyingParty.authenticationOptions(
                for: session.visitor?.account.userHandle, allowing: passkeys.map(\.record),
                userVerification: .required, hints: wishes.hints, now: now, using: &generator)
            try CeremonyStore.open(ceremony, for: session, now: now, in: database)
            return options
        }
        return core.json(options)
    }

    @Sendable func verification(_ request: Request, _ context: PortalContext) async throws -> Response {
        let body = try await JSONRequest.body(of: request, core: core)
        let session = context.session
        let now = core.now
        // A valid signature cannot be guessed; counting by address keeps the load of wrong ones low.
        let key = AttemptLimiter.Key.address(context.remoteAddress)
        let attempts: [Int64]
        switch try await core.database.write({ try AttemptLimiter.admit([key], now: now, in: $0) }) {
        case .delayed(let seconds): throw PortalFailure.tooManyAttempts(seconds: seconds)
        case .admitted(let rows): attempts = rows
        }
        do {
            // 1. Take the ceremony out; whatever follows, its challenge is used.
            let response = try WebAuthnRelyingParty.authenticationResponse(json: body)
            let challenge = try WebAuthnRelyingParty.challenge(in: response)
            let ceremony = try await core.database.write {
                try CeremonyStore.redeem(challenge: challenge, for: session, now: now, in: $0)
            }

            // 2. Verify and store in one transaction, so that two answers cannot both pass the same signature counter.
            let relyingParty = try core.relyingParty()
            let core = core
            let (secret, next) = try await core.database.write { database in
                let passkey = try Passkey.find(response.rawId.bytes, in: database)
                let result = try relyingParty.verify(
                    authentication: response, for: ceremony, record: passkey?.record, now: now)
                guard let passkey, let account = try Account.find(passkey.accountID, in: database),
                    account.userHandle == result.record.userHandle.bytes
                else { throw PortalFailure.credentialUnknown }
                if let visitor = session.visitor, visitor.account.id != account.id { throw PortalFailure.notVerified }
                try Passkey.update(result.record, usedAt: now, in: database)
                try AttemptLimiter.withdraw(attempts, in: database)
                return try core.goOn(
                    as: account.id, level: .passkey, credentialID: result.record.id.bytes, from: session, in: database)
            }
            return core.json(CeremonyOutcome(next: next)).withCookie(core.sessionCookie(secret))
        } catch {
            throw CeremonyOutcome.failure(from: error, logger: context.logger)
        }
    }
}
