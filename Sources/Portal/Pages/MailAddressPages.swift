import FoundationEssentials
import Hummingbird
import WebAuthnModel

/// Settings: another mail address, which is in force once its own link was opened and the old address was told.
struct MailAddressPages: Sendable {
    let core: PortalCore

    @Sendable func show(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch try await core.admit(toChange: .mailAddress, context) {
        case .elsewhere(let response): return response
        case .visitor(let visitor):
            let now = core.now
            let pending = try await core.database.read {
                try MailConfirmation.pendingAddress(of: visitor.account.id, now: now, in: $0)
            }
            var screen = screen(visitor.account, context.language)
            if let pending { screen = screen.noting(Phrase.mailChangePending.text(context.language, pending)) }
            screen.offersMailPage = true
            return core.page(screen, for: request, context)
        }
    }

    @Sendable func submit(_ request: Request, _ context: PortalContext) async throws -> Response {
        let fields = try await FormFields(of: request, in: context)
        let account: Account
        switch try await core.admit(toChange: .mailAddress, context) {
        case .elsewhere(let response): return response
        case .visitor(let visitor): account = visitor.account
        }
        let input = fields["mailAddress"]
        var screen = screen(account, context.language, value: String(input.prefix(254)))
        screen.forms[0].fields[0].isInvalid = true
        guard let address = MailAddress(input) else {
            return core.refusal(screen, .mailMalformed, for: request, context)
        }
        guard address.text != account.mailAddress else {
            return core.refusal(screen, .mailUnchanged, for: request, context)
        }
        let now = core.now
        let key = AttemptLimiter.Key.mail(accountID: account.id)
        let decision = try await core.database.write { try AttemptLimiter.admit([key], now: now, in: $0) }
        if case .delayed(let seconds) = decision {
            return core.delay(screen, seconds: seconds, for: request, context)
        }
        let token = Secret.random(32)
        let name = core.configuration.name
        do {
            try await core.send(
                subject: Phrase.mailSubject.text(context.language, name),
                text: Phrase.mailText.text(
                    context.language, name, core.origins.base + MailConfirmation.path(token: token)), to: address)
        } catch let error as any MailTransportError {
            return core.mailNotSent(error, on: screen, for: request, context)
        }
        // Sending takes its time: whoever has been logged out meanwhile changes nothing any more.
        let session = context.session
        try await core.database.write { database in
            guard try SessionStore.isOpen(session, in: database) else { throw PortalFailure.formExpired }
            try MailConfirmation.open(token: token, for: account.id, address: address, now: now, in: database)
        }
        return core.redirect(to: "/settings/mail-address")
    }

    private func screen(_ account: Account, _ language: Language, value: String = "") -> Screen {
        var screen = Screen(title: Phrase.mailChangeTitle.text(language))
        screen.paragraphs = [Phrase.mailChangeIntro.text(language, account.mailAddress ?? "")]
        let field = Screen.Field(
            fieldName: "mailAddress", fieldLabel: Phrase.mailChangeLabel.text(language), fieldType: "email",
            fieldValue: value, fieldHint: Phrase.mailHint.text(language), autocomplete: "email", inputMode: "email",
            maximumLength: 254)
        screen.forms = [
            Screen.Form(
                formAction: "/settings/mail-address", fields: [field],
                buttons: [Screen.Button(buttonLabel: Phrase.mailButton.text(language))])
        ]
        screen.links = [.settings(language)]
        screen.offersLogOut = true
        return screen
    }
}
