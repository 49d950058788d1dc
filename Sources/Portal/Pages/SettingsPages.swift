import FoundationEssentials
import GRDB
import Hummingbird
import Logging

/// Settings: what there is, how one logs in, the password, and logging out everywhere.
struct SettingsPages: Sendable {
    let core: PortalCore

    @Sendable func show(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch core.admit(toPaths: ["/top"], context) {
        case .elsewhere(let response): return response
        case .visitor(let visitor):
            let language = context.language
            let passkeys = try await core.database.read { try Passkey.all(of: visitor.account.id, in: $0) }
            var screen = Screen(title: Phrase.settingsTitle.text(language))
            screen.menu = [
                ("/settings/method", Phrase.methodTitle, visitor.account.method.label.text(language)),
                ("/settings/passkeys", .topPasskeys, Phrase.passkeyCount.text(language, String(passkeys.count))),
                ("/settings/password", .password, Phrase.passwordChange.text(language)),
                ("/settings/mail-address", .mailLabel, visitor.account.mailAddress ?? ""),
            ].map { Screen.MenuItem(menuPath: $0.0, menuLabel: $0.1.text(language), menuHint: $0.2) }
            screen.forms = [
                Screen.Form(
                    formAction: "/settings/log-out-everywhere",
                    buttons: [
                        Screen.Button(buttonLabel: Phrase.logOutEverywhere.text(language), isPrimary: false)
                    ])
            ]
            screen.links = [.top(language)]
            screen.offersCeremonies = true
            screen.offersLogOut = true
            return core.page(screen, for: request, context)
        }
    }

    @Sendable func logOutEverywhere(_ request: Request, _ context: PortalContext) async throws -> Response {
        _ = try await FormFields(of: request, in: context)
        guard let visitor = context.session.visitor else { return core.loginNeeded(context) }
        let session = context.session
        try await core.database.write { database in
            // A second click, or a visit that somebody has ended meanwhile: that is done already.
            guard try SessionStore.isOpen(session, in: database) else { return }
            try SessionStore.endAll(of: visitor.account.id, in: database)
            try Account.forgetBrowsers(of: visitor.account.id, in: database)
            if visitor.account.step == .complete {
                try MailConfirmation.forgetPending(of: visitor.account.id, in: database)
            }
        }
        return core.loggedOut(saying: .noticeLoggedOutEverywhere)
    }

    // MARK: How one logs in

    /// From the set-up of a method, too: who cannot set up what they chose at step 1.8 chooses again.
    private static let methodEntrances: Set = ["/top", "/passkeys/new", "/one-time-password/set-up"]

    @Sendable func showMethod(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch try await core.admit(toChange: .method, from: SettingsPages.methodEntrances, context) {
        case .elsewhere(let response): response
        case .visitor(let visitor):
            core.page(methodScreen(visitor.account, context.language), for: request, context)
        }
    }

    @Sendable func submitMethod(_ request: Request, _ context: PortalContext) async throws -> Response {
        let fields = try await FormFields(of: request, in: context)
        let visitor: Session.Visitor
        switch try await core.admit(toChange: .method, from: SettingsPages.methodEntrances, context) {
        case .elsewhere(let response): return response
        case .visitor(let admitted): visitor = admitted
        }
        guard let method = AuthenticationMethod(rawValue: fields["method"]) else {
            return core.refusal(
                methodScreen(visitor.account, context.language), .methodMissing,
                for: request, context)
        }
        let session = context.session
        let accountID = visitor.account.id
        let wasSetUp = visitor.isSetUp
        // What has to be set up first is chosen by setting it up; until then everything stays as it was. Where nothing
        // is set up yet, step 1.8 is simply done again.
        let core = core
        let language = context.language
        let next = try await core.database.write { database -> String in
            guard try SessionStore.isOpen(session, in: database) else { throw PortalFailure.formExpired }
            switch method {
            case .passkey where try wasSetUp && Passkey.all(of: accountID, in: database).isEmpty:
                try SessionStore.note(.passkeyAsMethod, for: session, in: database)
                return "/passkeys/new"
            case .totp where try wasSetUp && !OneTimePasswordStore.exists(accountID: accountID, in: database):
                return "/one-time-password/set-up"
            default:
                let changes = try Account.setMethod(method, of: accountID, in: database)
                guard wasSetUp else { return "/" }
                try core.notify(of: changes, visitor.account, language, in: database)
                return "/settings"
            }
        }
        // By mail, a code is the proof that is due.
        if !wasSetUp, method == .mail {
            do {
                _ = try await core.sendCode(
                    to: visitor.account, sessionIDHash: session.idHash, context.language)
            } catch let error as any MailTransportError {
                context.logger.error("mail not delivered", metadata: ["error": "\(error)"])
            }
        }
        guard next == "/settings" else { return core.redirect(to: next) }
        return core.redirect(to: next, saying: .noticeMethodChanged, in: session.secret)
    }

    private func methodScreen(_ account: Account, _ language: Language) -> Screen {
        var screen = Screen(title: Phrase.methodTitle.text(language))
        screen.paragraphs = [Phrase.methodIntro.text(language)]
        screen.forms = [
            Screen.Form(
                formAction: "/settings/method", choices: Screen.Choice.methods(language, current: account.method),
                buttons: [Screen.Button(buttonLabel: Phrase.nextButton.text(language))])
        ]
        screen.links = [.settings(language)]
        screen.offersLogOut = true
        return screen
    }

    // MARK: The password

    @Sendable func showPassword(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch try await core.admit(toChange: .password, context) {
        case .elsewhere(let response): response
        case .visitor(let visitor):
            core.page(passwordScreen(visitor.account, context.language), for: request, context)
        }
    }

    @Sendable func submitPassword(_ request: Request, _ context: PortalContext) async throws -> Response {
        let fields = try await FormFields(of: request, in: context)
        let visitor: Session.Visitor
        switch try await core.admit(toChange: .password, context) {
        case .elsewhere(let response): return response
        case .visitor(let admitted): visitor = admitted
        }
        let account = visitor.account
        var screen = passwordScreen(account, context.language)
        let now = core.now

        // 1. The current password.
        let key = AttemptLimiter.Key.currentPassword(accountID: account.id)
        switch try await core.database.write({ try AttemptLimiter.admit([key], now: now, in: $0) }) {
        case .delayed(let seconds): return core.delay(screen, seconds: seconds, for: request, context)
        case .admitted: break
        }
        guard try await core.passwords.verify(fields["currentPassword"], against: account.passwordHash) else {
            screen.forms[0].fields[0].isInvalid = true
            return core.refusal(screen, .currentPasswordWrong, for: request, context)
        }
        try await core.database.write { try AttemptLimiter.forgive(key, in: $0) }

        // 2. The new one.
        let password = fields["newPassword"]
        screen.forms[0].fields[1].isInvalid = true
        var objection = PasswordPolicy.objection(to: password, for: account)
        // By bytes, as it is hashed: letters that are composed in two ways are two passwords.
        if objection == nil, !password.utf8.elementsEqual(fields["repeatedPassword"].utf8) {
            objection = .passwordsDiffer
        }
        if objection == nil, password.utf8.elementsEqual(fields["currentPassword"].utf8) {
            objection = .passwordIsCurrent
        }
        if let objection {
            return core.refusal(screen, objection, for: request, context)
        }

        // 3. One transaction: every other visit ends, and this one goes on under a new secret.
        let hash = try await core.passwords.hash(password)
        let session = context.session
        let core = core
        let language = context.language
        let secret = try await core.database.write { database -> [UInt8]? in
            guard try SessionStore.isOpen(session, in: database),
                try Account.find(account.id, in: database)?.passwordHash == account.passwordHash
            else { return nil }
            try database.execute(
                sql: "UPDATE account SET passwordHash = ? WHERE id = ?", arguments: [hash, account.id])
            try Account.forgetBrowsers(of: account.id, in: database)
            try core.notify(of: [.noticeMailPassword], account, language, in: database)
            let credentialID = try SessionStore.credentialID(of: session, in: database)
            let provenAt = try SessionStore.beginning(of: session, in: database)
            try SessionStore.endAll(of: account.id, in: database)
            try MailConfirmation.forgetPending(of: account.id, in: database)
            return try SessionStore.begin(
                secret: core.secrets.issue(), accountID: account.id, level: visitor.level, isFirstLogin: false,
                credentialID: credentialID, provenAt: provenAt, replacing: session, now: now, in: database)
        }
        guard let secret else { return core.redirect(to: "/settings/password") }
        return core.redirect(to: "/settings", saying: .noticePasswordChanged, in: secret)
            .withCookie(core.sessionCookie(secret))
    }

    private func passwordScreen(_ account: Account, _ language: Language) -> Screen {
        var screen = Screen(title: Phrase.passwordChangeTitle.text(language))
        screen.paragraphs = [Phrase.passwordChangeIntro.text(language)]
        let current = Screen.Field(
            fieldName: "currentPassword", fieldLabel: Phrase.currentPassword.text(language), fieldType: "password",
            autocomplete: "current-password")
        screen.forms = [
            Screen.Form(
                formAction: "/settings/password", userName: account.userID,
                fields: [current] + Screen.Field.newPassword(language),
                buttons: [Screen.Button(buttonLabel: Phrase.changeButton.text(language))])
        ]
        screen.links = [.settings(language)]
        screen.offersLogOut = true
        return screen
    }
}

extension Screen.Field {
    /// A new password, twice.
    static func newPassword(_ language: Language) -> [Screen.Field] {
        [
            Screen.Field(
                fieldName: "newPassword", fieldLabel: Phrase.newPassword.text(language), fieldType: "password",
                fieldHint: Phrase.newPasswordHint.text(language), autocomplete: "new-password"),
            Screen.Field(
                fieldName: "repeatedPassword", fieldLabel: Phrase.repeatedPassword.text(language),
                fieldType: "password", autocomplete: "new-password"),
        ]
    }
}

extension Screen.Link {
    /// Back to the settings.
    static func settings(_ language: Language) -> Screen.Link {
        Screen.Link(linkPath: "/settings", linkLabel: Phrase.backToSettings.text(language))
    }

    /// Back to the top page.
    static func top(_ language: Language) -> Screen.Link {
        Screen.Link(linkPath: "/top", linkLabel: Phrase.skipToTop.text(language))
    }
}
