import FoundationEssentials
import Hummingbird
import Logging

/// Steps 1.1, 1.2 and 1.11, and each later login: user ID and password, and logging out.
struct LoginPages: Sendable {
    let core: PortalCore

    @Sendable func show(_ request: Request, _ context: PortalContext) async throws -> Response {
        guard context.session.visitor == nil else { return core.redirect(to: context.session.duePath) }
        return core.page(screen(context.language), for: request, context)
    }

    @Sendable func submit(_ request: Request, _ context: PortalContext) async throws -> Response {
        let fields = try await FormFields(of: request, in: context)
        let now = core.now
        let userID = String(HalfWidth.folded(fields["userID"]).prefix(128))
        let password = fields["password"]
        var screen = screen(context.language, userID: userID)
        screen.forms[0].fields[1].isInvalid = true

        // 1. Count the attempt before the password is looked at; apart, where the account's owner has logged in before.
        let account = try await core.database.read { try Account.find(userID: userID, in: $0) }
        let browser = account.flatMap { core.knownBrowsers.nonce(in: request, for: $0, now: now) }
        var keys = [
            AttemptLimiter.Key.password(userID: userID, from: browser),
            AttemptLimiter.Key.address(context.remoteAddress),
        ]
        if browser != nil { keys.append(.knownBrowsers(userID: userID)) }
        let decision = try await core.database.write { [keys] in try AttemptLimiter.admit(keys, now: now, in: $0) }
        let attempts: [Int64]
        switch decision {
        case .delayed(let seconds): return core.delay(screen, seconds: seconds, for: request, context)
        case .admitted(let rows): attempts = rows
        }

        // 2. Check the password; for an unknown user ID the same work is done, and the answer is the same.
        let isCorrect = try await core.passwords.verify(password, against: account?.passwordHash)
        guard let account, isCorrect else {
            return core.refusal(screen, .wrongPassword, for: request, context)
        }

        // 3. Begin the visit, unless the password has changed meanwhile.
        let session = context.session
        let guesses = keys[0]
        let secret = try await core.database.write { database -> [UInt8]? in
            guard let current = try Account.find(account.id, in: database),
                current.passwordHash == account.passwordHash
            else { return nil }
            try AttemptLimiter.withdraw(attempts, in: database)
            try AttemptLimiter.forgive(guesses, in: database)
            return try SessionStore.begin(
                secret: core.secrets.issue(), accountID: current.id, level: .password,
                isFirstLogin: current.step != .complete, replacing: session,
                now: now, in: database)
        }
        guard let secret else {
            return core.refusal(screen, .wrongPassword, for: request, context)
        }
        if account.step == .complete, account.method == .mail {
            do {
                _ = try await core.sendCode(to: account, sessionIDHash: Secret.digest(secret), context.language)
            } catch let error as any MailTransportError {
                // The next page has no code then, and offers to send one.
                context.logger.error("mail not delivered", metadata: ["error": "\(error)"])
            }
        }
        return core.redirect(to: "/").withCookie(core.sessionCookie(secret))
    }

    @Sendable func logOut(_ request: Request, _ context: PortalContext) async throws -> Response {
        _ = try await FormFields(of: request, in: context)
        let session = context.session
        try await core.database.write { try SessionStore.end(session, in: $0) }
        return core.loggedOut(saying: .noticeLoggedOut)
    }

    private func screen(_ language: Language, userID: String = "") -> Screen {
        var screen = Screen(steps: ["1.1", "1.2", "2-1.1", "2-2.1", "x.1"], title: Phrase.loginTitle.text(language))
        screen.paragraphs = [Phrase.loginIntro.text(language)]
        let userID = Screen.Field(
            fieldName: "userID", fieldLabel: Phrase.userID.text(language), fieldValue: userID,
            autocomplete: "username webauthn", maximumLength: 64)
        let password = Screen.Field(
            fieldName: "password", fieldLabel: Phrase.password.text(language), fieldType: "password",
            autocomplete: "current-password")
        screen.forms = [
            Screen.Form(
                formAction: "/login", fields: [userID, password],
                buttons: [Screen.Button(buttonLabel: Phrase.loginButton.text(language))])
        ]
        screen.ceremony = Screen.CeremonyPanel(
            ceremonyKind: "authentication",
            ceremonyButtons: [("", Phrase.passkeyLoginButton.text(language))],
            ceremonyTitle: Phrase.passkeyLoginTitle.text(language), offersAutofill: true)
        screen.links = [.help(language)]
        screen.offersCeremonies = true
        return screen
    }
}

extension PortalCore {
    /// Goes on with the login, in a visit of its own.
    func loggedOut(saying phrase: Phrase) -> Response {
        let secret = secrets.issue()
        return redirect(to: "/login", saying: phrase, in: secret).withCookie(sessionCookie(secret))
    }
}
