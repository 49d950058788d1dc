import FoundationEssentials
import GRDB
import Hummingbird
import RelyingParty
import WebAuthnModel

/// Registering a passkey (steps 2-1.3 to 2-1.5 and 2-2.3), for the portal's own script and for any other client.
///
/// Both are `POST` with `Content-Type: application/json`, the visit's cookie, and an `Origin` of the portal (or
/// `Sec-Fetch-Site: same-origin`). The visitor must be past chapter 1 and have used a passkey if the account has one.
///
/// - `/webauthn/registration/options`: body `{}`, or with ``CeremonyWishes``; answer `PublicKeyCredentialCreationOptionsJSON`.
/// - `/webauthn/registration/verification`: body `RegistrationResponseJSON`; answer `{"next": "/passkeys/name"}` and a new cookie.
///
/// A failure is a 4xx or 5xx with `{"error": code, "message": sentence}`; see ``PortalFailure/code``.
struct RegistrationEndpoints: Sendable {
    let core: PortalCore

    @Sendable func options(_ request: Request, _ context: PortalContext) async throws -> Response {
        let body = try await JSONRequest.body(of: request, core: core)
        let wishes = try CeremonyWishes(body: body)
        guard let visitor = context.session.visitor, context.session.mayAddPasskey else {
            throw PortalFailure.loginRequired
        }
        let account = visitor.account
        let session = context.session
        let now = core.now
        let relyingParty = try core.relyingParty()
        let options = try await core.database.write { database in
            let passkeys = try Passkey.all(of: account.id, in: database)
            var generator = SystemRandomNumberGenerator()
            var (options, ceremony) = relyingParty.registrationOptions(
                for: PublicKeyCredentialUserEntity(
                    id: account.userHandle, name: account.userID, displayName: account.name),
                excluding: passkeys.map(\.record),
                selection: AuthenticatorSelectionCriteria(
                    authenticatorAttachment: wishes.authenticatorAttachment, residentKey: .required,
                    userVerification: .required),
                hints: wishes.hints ?? RegistrationEndpoints.hints(for: wishes.authenticatorAttachment), now: now,
                using: &generator)
            try CeremonyStore.open(ceremony, for: session, now: now, in: database)
            // Asks whether the authenticator can derive secrets (WebAuthn Level 3 §10.1.4); none is derived.
            options.extensions = (options.extensions ?? [:]).merging(["prf": .object([:])]) { $1 }
            return options
        }
        return core.json(options)
    }

    @Sendable func verification(_ request: Request, _ context: PortalContext) async throws -> Response {
        let body = try await JSONRequest.body(of: request, core: core)
        guard let visitor = context.session.visitor, context.session.mayAddPasskey else {
            throw PortalFailure.loginRequired
        }
        let session = context.session
        let now = core.now
        do {
            // 1. Take the ceremony out; whatever follows, its challenge is used.
            let response = try WebAuthnRelyingParty.registrationResponse(json: body)
            let challenge = try WebAuthnRelyingParty.challenge(in: response)
            let (ceremony, existing) = try await core.database.write { database in
                let ceremony = try CeremonyStore.redeem(challenge: challenge, for: session, now: now, in: database)
                return (ceremony, try Passkey.find(response.rawId.bytes, in: database)?.record)
            }

            // 2. Verify.
            let result = try await core.relyingParty().verify(
                registration: response, for: ceremony, existing: existing, now: now)

            // 3. Store, unless somebody was faster, and go on under a new secret: more was proven than before.
            let language = context.language
            let secret = try await core.database.write { database -> [UInt8] in
                guard result.record.userHandle.bytes == visitor.account.userHandle,
                    let current = try SessionStore.find(secret: session.secret, now: now, in: database),
                    Session(secret: session.secret, isNew: false, visitor: current.visitor).mayAddPasskey
                else { throw PortalFailure.loginRequired }
                guard try Passkey.find(result.record.id.bytes, in: database) == nil else {
                    throw PortalFailure.alreadyRegistered
                }
                try Passkey.add(
                    result, supportsPRF: RegistrationEndpoints.supportsPRF(response), to: visitor.account.id, now: now,
                    in: database)
                var changes: [Phrase] = [.noticeMailPasskeyAdded]
                if try SessionStore.purpose(of: session, in: database) == .passkeyAsMethod {
                    changes += try Account.setMethod(.passkey, of: visitor.account.id, in: database)
                }
                try core.notify(of: changes, visitor.account, language, in: database)
                return try SessionStore.begin(
                    secret: core.secrets.issue(), accountID: visitor.account.id, level: .passkey, isFirstLogin: false,
                    credentialID: result.record.id.bytes, replacing: session, now: now, in: database)
            }
            return core.json(CeremonyOutcome(next: "/passkeys/name")).withCookie(core.sessionCookie(secret))
        } catch {
            throw CeremonyOutcome.failure(from: error, logger: context.logger)
        }
    }

    /// Whether the client says that the authenticator can derive secrets; `nil` when it does not say.
    private static func supportsPRF(_ response: RegistrationResponse) -> Bool? {
        guard case .object(let members)? = response.clientExtensionResults["prf"],
            case .boolean(let isEnabled)? = members["enabled"]
        else { return nil }
        return isEnabled
    }

    private static func hints(for attachment: String?) -> [String]? {
        switch attachment {
        case "platform": ["client-device"]
        case "cross-platform": ["hybrid", "security-key"]
        default: nil
        }
    }
}
