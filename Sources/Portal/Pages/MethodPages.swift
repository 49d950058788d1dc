import FoundationEssentials
import Hummingbird

/// Steps 1.8 to 1.10: how to authenticate, the new password, and the end of chapter 1.
struct MethodPages: Sendable {
    let core: PortalCore

    @Sendable func showMethod(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch core.admit(to: [.method], context) {
        case .elsewhere(let response): response
        case .visitor: core.page(methodScreen(context.language), for: request, context)
        }
    }

    @Sendable func submitMethod(_ request: Request, _ context: PortalContext) async throws -> Response {
        let fields = try await FormFields(of: request, in: context)
        switch core.admit(to: [.method], context) {
        case .elsewhere(let response): return response
        case .visitor(let visitor):
            guard let method = AuthenticationMethod(rawValue: fields["method"]) else {
                return core.refusal(
                    methodScreen(context.language), .methodMissing, for: request, context)
            }
            let session = context.session
            try await core.database.write { database in
                guard try SessionStore.isOpen(session, in: database) else { throw PortalFailure.formExpired }
                _ = try visitor.account.advance(
                    from: [.method], to: .newPassword, setting: [("method", method.rawValue)], in: database)
            }
            return core.redirect(to: FirstLoginStep.newPassword.path)
        }
    }

    @Sendable func showPassword(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch core.admit(to: [.newPassword], context) {
        case .elsewhere(let response): response
        case .visitor(let visitor):
            core.page(passwordScreen(context.language, userID: visitor.account.userID), for: request, context)
        }
    }

    @Sendable func submitPassword(_ request: Request, _ context: PortalContext) async throws -> Response {
        let fields = try await FormFields(of: request, in: context)
        let account: Account
        switch core.admit(to: [.newPassword], context) {
        case .elsewhere(let response): return response
        case .visitor(let visitor): account = visitor.account
        }
        var screen = passwordScreen(context.language, userID: account.userID)
        screen.forms[0].fields[0].isInvalid = true
        let password = fields["newPassword"]
        var objection = PasswordPolicy.objection(to: password, for: account)
        // By bytes, as it is hashed: letters that are composed in two ways are two passwords.
        if objection == nil, !password.utf8.elementsEqual(fields["repeatedPassword"].utf8) {
            objection = .passwordsDiffer
        }
        if objection == nil, try await core.passwords.verify(password, against: account.passwordHash) {
            objection = .passwordIsInitial
        }
        if let objection {
            return core.refusal(screen, objection, for: request, context)
        }

        // One transaction: from here the initial password is worth nothing, nor is any visit that began with it, except this one
        // under a new secret.
        let hash = try await core.passwords.hash(password)
        let now = core.now
        let session = context.session
        let secret = try await core.database.write { database -> [UInt8]? in
            guard try SessionStore.isOpen(session, in: database) else { return nil }
            let isAdvanced = try account.advance(
                from: [.newPassword], to: .complete,
                setting: [("passwordHash", hash), ("firstLoginCompletedAt", now.timeIntervalSince1970)], in: database)
            guard isAdvanced else { return nil }
            try SessionStore.endAll(of: account.id, in: database)
            return try SessionStore.begin(
                secret: core.secrets.issue(), accountID: account.id, level: .password, isFirstLogin: true,
                replacing: session, now: now,
                in: database)
        }
        guard let secret else { return core.redirect(to: "/") }
        return core.redirect(to: FirstLoginStep.complete.path).withCookie(core.sessionCookie(secret))
    }

    @Sendable func showComplete(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch core.admit(toPaths: [FirstLoginStep.complete.path], context) {
        case .elsewhere(let response): return response
        case .visitor(let visitor):
            var screen = Screen(
                steps: ["1.10", "1.11"], title: Phrase.completeTitle.text(context.language))
            let intro: Phrase = visitor.account.method == .mail ? .completeIntroMail : .completeIntro
            screen.paragraphs = [intro.text(context.language)]
            screen.forms = [
                Screen.Form(
                    formAction: "/logout",
                    buttons: [Screen.Button(buttonLabel: Phrase.completeNext.text(context.language))])
            ]
            return core.page(screen, for: request, context)
        }
    }

    private func methodScreen(_ language: Language) -> Screen {
        var screen = Screen(steps: ["1.8"], title: Phrase.methodTitle.text(language))
        screen.paragraphs = [Phrase.methodIntro.text(language)]
        screen.forms = [
            Screen.Form(
                formAction: FirstLoginStep.method.path,
                choices: Screen.Choice.methods(language),
                buttons: [Screen.Button(buttonLabel: Phrase.nextButton.text(language))])
        ]
        screen.offersLogOut = true
        return screen
    }

    private func passwordScreen(_ language: Language, userID: String) -> Screen {
        var screen = Screen(steps: ["1.9"], title: Phrase.newPasswordTitle.text(language))
        screen.paragraphs = [Phrase.newPasswordIntro.text(language)]
        screen.forms = [
            Screen.Form(
                formAction: FirstLoginStep.newPassword.path, userName: userID,
                fields: Screen.Field.newPassword(language),
                buttons: [Screen.Button(buttonLabel: Phrase.nextButton.text(language))])
        ]
        screen.offersLogOut = true
        return screen
    }
}

extension Screen.Choice {
    /// The three ways to prove more than the password.
    ///
    /// - Parameter current: the one that is marked.
    static func methods(_ language: Language, current: AuthenticationMethod? = nil) -> [Screen.Choice] {
        AuthenticationMethod.allCases.map { method in
            Screen.Choice(
                choiceName: "method", choiceValue: method.rawValue, choiceLabel: method.label.text(language),
                choiceHint: method.hint.text(language), isChecked: method == current)
        }
    }
}
