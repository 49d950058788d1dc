import FoundationEssentials
import Hummingbird

/// Steps 1.3 and 1.4: date of birth and terms of use.
struct IdentityPages: Sendable {
    let core: PortalCore

    @Sendable func showDateOfBirth(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch core.admit(to: [.dateOfBirth], context) {
        case .elsewhere(let response): response
        case .visitor: core.page(dateOfBirthScreen(context.language), for: request, context)
        }
    }

    @Sendable func submitDateOfBirth(_ request: Request, _ context: PortalContext) async throws -> Response {
        let fields = try await FormFields(of: request, in: context)
        let account: Account
        switch core.admit(to: [.dateOfBirth], context) {
        case .elsewhere(let response): return response
        case .visitor(let visitor): account = visitor.account
        }
        var screen = dateOfBirthScreen(context.language)
        screen.forms[0].fields[0].isInvalid = true
        guard let date = CalendarDate(fields["dateOfBirth"]) else {
            return core.refusal(screen, .birthMalformed, for: request, context)
        }
        let now = core.now
        let key = AttemptLimiter.Key.dateOfBirth(accountID: account.id)
        let session = context.session
        let decision = try await core.database.write { database in
            guard try SessionStore.isOpen(session, in: database) else { throw PortalFailure.formExpired }
            let decision = try AttemptLimiter.admit([key], now: now, in: database)
            if case .admitted = decision, date == account.dateOfBirth {
                try AttemptLimiter.forgive(key, in: database)
                _ = try account.advance(from: [.dateOfBirth], to: .terms, in: database)
            }
            return decision
        }
        if case .delayed(let seconds) = decision {
            return core.delay(screen, seconds: seconds, for: request, context)
        }
        guard date == account.dateOfBirth else {
            return core.refusal(screen, .birthWrong, for: request, context)
        }
        return core.redirect(to: FirstLoginStep.terms.path)
    }

    @Sendable func showTerms(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch core.admit(to: [.terms], context) {
        case .elsewhere(let response): response
        case .visitor: core.page(termsScreen(context.language), for: request, context)
        }
    }

    @Sendable func submitTerms(_ request: Request, _ context: PortalContext) async throws -> Response {
        let fields = try await FormFields(of: request, in: context)
        let account: Account
        switch core.admit(to: [.terms], context) {
        case .elsewhere(let response): return response
        case .visitor(let visitor): account = visitor.account
        }
        switch fields["decision"] {
        case "accept":
            let now = core.now.timeIntervalSince1970
            let session = context.session
            try await core.database.write { database in
                guard try SessionStore.isOpen(session, in: database) else { throw PortalFailure.formExpired }
                _ = try account.advance(
                    from: [.terms], to: .mailAddress, setting: [("termsAcceptedAt", now)], in: database)
            }
            return core.redirect(to: FirstLoginStep.mailAddress.path)
        case "refuse":
            var screen = Screen(steps: ["1.4"], title: Phrase.termsRefusedTitle.text(context.language))
            screen.links = [
                Screen.Link(
                    linkPath: FirstLoginStep.terms.path, linkLabel: Phrase.termsReadAgain.text(context.language))
            ]
            screen.offersLogOut = true
            return core.page(
                screen.refusing(Phrase.termsRefused.text(context.language)), for: request, context)
        default:
            return core.refusal(
                termsScreen(context.language), .termsUndecided, for: request, context)
        }
    }

    private func dateOfBirthScreen(_ language: Language) -> Screen {
        var screen = Screen(steps: ["1.3"], title: Phrase.birthTitle.text(language))
        screen.paragraphs = [Phrase.birthIntro.text(language)]
        let field = Screen.Field(
            fieldName: "dateOfBirth", fieldLabel: Phrase.birthLabel.text(language), fieldType: "date",
            fieldHint: Phrase.birthHint.text(language), autocomplete: "bday", inputMode: "numeric", maximumLength: 10)
        screen.forms = [
            Screen.Form(
                formAction: FirstLoginStep.dateOfBirth.path, fields: [field],
                buttons: [Screen.Button(buttonLabel: Phrase.nextButton.text(language))])
        ]
        screen.offersLogOut = true
        return screen
    }

    private func termsScreen(_ language: Language) -> Screen {
        var screen = Screen(steps: ["1.4"], title: Phrase.termsTitle.text(language))
        screen.paragraphs = [Phrase.termsIntro.text(language)]
        screen.terms = [Phrase.termsText1, .termsText2, .termsText3].map { $0.text(language) }
        screen.forms = [
            Screen.Form(
                formAction: FirstLoginStep.terms.path,
                buttons: [
                    Screen.Button(
                        buttonName: "decision", buttonValue: "accept", buttonLabel: Phrase.acceptButton.text(language)),
                    Screen.Button(
                        buttonName: "decision", buttonValue: "refuse", buttonLabel: Phrase.refuseButton.text(language),
                        isPrimary: false),
                ])
        ]
        screen.offersLogOut = true
        return screen
    }
}
