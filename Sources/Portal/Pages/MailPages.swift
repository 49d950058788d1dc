import FoundationEssentials
import Hummingbird
import Logging
import WebAuthnModel

/// Steps 1.5 to 1.7: the mail address and its confirmation.
struct MailPages: Sendable {
    let core: PortalCore

    @Sendable func showAddress(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch core.admit(to: [.mailAddress, .mailConfirmation], context) {
        case .elsewhere(let response): response
        case .visitor: core.page(addressScreen(context.language), for: request, context)
        }
    }

    @Sendable func submitAddress(_ request: Request, _ context: PortalContext) async throws -> Response {
        let fields = try await FormFields(of: request, in: context)
        switch core.admit(to: [.mailAddress, .mailConfirmation], context) {
        case .elsewhere(let response): return response
        case .visitor(let visitor):
            let input = fields["mailAddress"]
            var screen = addressScreen(context.language, value: String(input.prefix(254)))
            screen.forms[0].fields[0].isInvalid = true
            guard let address = MailAddress(input) else {
                return core.refusal(screen, .mailMalformed, for: request, context)
            }
            return try await send(to: address, for: visitor.account, onFailure: screen, request, context)
        }
    }

    @Sendable func showWaiting(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch core.admit(to: [.mailConfirmation], context) {
        case .elsewhere(let response): return response
        case .visitor(let visitor):
            var screen = waitingScreen(context.language, address: visitor.account.mailAddress ?? "")
            if request.uri.queryParameters["refreshed"] != nil {
                screen = screen.refusing(Phrase.notConfirmedYet.text(context.language))
            }
            return core.page(screen, for: request, context)
        }
    }

    @Sendable func sendAgain(_ request: Request, _ context: PortalContext) async throws -> Response {
        _ = try await FormFields(of: request, in: context)
        switch core.admit(to: [.mailConfirmation], context) {
        case .elsewhere(let response): return response
        case .visitor(let visitor):
            guard let text = visitor.account.mailAddress, let address = MailAddress(text) else {
                return core.redirect(to: FirstLoginStep.mailAddress.path)
            }
            var screen = waitingScreen(context.language, address: address.text)
            screen.paragraphs[0] = Phrase.waitEarlier.text(context.language, address.text)
            return try await send(to: address, for: visitor.account, onFailure: screen, request, context)
        }
    }

    @Sendable func showLink(_ request: Request, _ context: PortalContext) async throws -> Response {
        let now = core.now
        guard let token = token(context) else { return linkResult(.unknown, request, context) }
        let state = try await core.database.read { try MailConfirmation.state(of: token, now: now, in: $0) }
        guard state == .valid else { return linkResult(state, request, context) }
        return core.page(confirmScreen(token, context.language), for: request, context)
    }

    /// Mail scanners follow links; only the button confirms.
    private func confirmScreen(_ token: [UInt8], _ language: Language) -> Screen {
        var screen = Screen(steps: ["1.6"], title: Phrase.confirmTitle.text(language))
        screen.paragraphs = [Phrase.confirmIntro.text(language)]
        screen.forms = [
            Screen.Form(
                formAction: MailConfirmation.path(token: token),
                buttons: [Screen.Button(buttonLabel: Phrase.confirmButton.text(language))])
        ]
        return screen
    }

    @Sendable func confirm(_ request: Request, _ context: PortalContext) async throws -> Response {
        _ = try await FormFields(of: request, in: context)
        let now = core.now
        guard let token = token(context) else { return linkResult(.unknown, request, context) }
        let change = try await core.database.read { try MailConfirmation.change(by: token, now: now, in: $0) }
        if let change, let old = change.account.mailAddress.flatMap({ MailAddress($0) }) {
            // The old address is told first: a change that its owner does not learn of does not happen. In the owner's
            // language: whoever opens the link may be somebody else.
            let name = core.configuration.name
            let language = change.account.language ?? context.language
            do {
                try await core.send(
                    subject: Phrase.noticeMailSubject.text(language, name),
                    text: Phrase.noticeMailText.text(
                        language, name, Phrase.noticeMailAddress.text(language, MailCodePages.veiled(change.address))),
                    to: old)
            } catch let error as any MailTransportError {
                return core.mailNotSent(
                    error, on: confirmScreen(token, context.language), for: request, context)
            }
        }
        let state = try await core.database.write { try MailConfirmation.confirm(token: token, now: now, in: $0) }
        guard state == .valid else { return linkResult(state, request, context) }
        var screen = Screen(
            steps: change == nil ? ["1.6"] : [], title: Phrase.confirmedTitle.text(context.language))
        let done: Phrase = change == nil ? .confirmedIntro : .confirmedChange
        screen = screen.noting(done.text(context.language))
        return core.page(screen, for: request, context)
    }

    /// Sends the mail and, only when it is on its way, stores the address and the token.
    private func send(
        to address: MailAddress, for account: Account, onFailure screen: Screen, _ request: Request,
        _ context: PortalContext
    ) async throws -> Response {
        let now = core.now
        let key = AttemptLimiter.Key.mail(accountID: account.id)
        let decision = try await core.database.write { try AttemptLimiter.admit([key], now: now, in: $0) }
        if case .delayed(let seconds) = decision {
            return core.delay(screen, seconds: seconds, for: request, context)
        }
        let token = Secret.random(32)
        let link = core.origins.base + MailConfirmation.path(token: token)
        let name = core.configuration.name
        do {
            try await core.send(
                subject: Phrase.mailSubject.text(context.language, name),
                text: Phrase.mailText.text(context.language, name, link), to: address)
        } catch let error as any MailTransportError {
            return core.mailNotSent(error, on: screen, for: request, context)
        }
        // Sending takes its time: the visit may have ended meanwhile.
        let session = context.session
        try await core.database.write { database in
            guard try SessionStore.isOpen(session, in: database) else { throw PortalFailure.formExpired }
            let isAdvanced = try account.advance(
                from: [.mailAddress, .mailConfirmation], to: .mailConfirmation,
                setting: [("mailAddress", address.text)], in: database)
            if isAdvanced {
                try MailConfirmation.open(token: token, for: account.id, address: address, now: now, in: database)
            }
        }
        return core.redirect(to: FirstLoginStep.mailConfirmation.path)
    }

    private func token(_ context: PortalContext) -> [UInt8]? {
        guard let token = context.parameters.get("token").flatMap({ Base64URL.decode($0) }), token.count == 32 else {
            return nil
        }
        return token
    }

    private func linkResult(
        _ state: MailConfirmation.State, _ request: Request, _ context: PortalContext
    ) -> Response {
        let (title, text, status): (Phrase, Phrase, HTTPResponse.Status) =
            switch state {
            case .used: (.linkUsedTitle, .linkUsed, .gone)
            case .expired: (.linkExpiredTitle, .linkExpired, .gone)
            case .unknown, .valid: (.linkUnknownTitle, .linkUnknown, .notFound)
            }
        var screen = Screen(steps: ["1.6"], title: title.text(context.language))
        screen.links = [Screen.Link(linkPath: "/", linkLabel: Phrase.backToStart.text(context.language))]
        return core.page(screen.refusing(text.text(context.language)), status: status, for: request, context)
    }

    private func addressScreen(_ language: Language, value: String = "") -> Screen {
        var screen = Screen(steps: ["1.5"], title: Phrase.mailTitle.text(language))
        screen.paragraphs = [Phrase.mailIntro.text(language)]
        let field = Screen.Field(
            fieldName: "mailAddress", fieldLabel: Phrase.mailLabel.text(language), fieldType: "email",
            fieldValue: value, fieldHint: Phrase.mailHint.text(language), autocomplete: "email", inputMode: "email",
            maximumLength: 254)
        screen.forms = [
            Screen.Form(
                formAction: FirstLoginStep.mailAddress.path, fields: [field],
                buttons: [Screen.Button(buttonLabel: Phrase.mailButton.text(language))])
        ]
        screen.offersLogOut = true
        return screen
    }

    private func waitingScreen(_ language: Language, address: String) -> Screen {
        let path = FirstLoginStep.mailConfirmation.path
        var screen = Screen(steps: ["1.6", "1.7"], title: Phrase.waitTitle.text(language))
        screen.paragraphs = [Phrase.waitIntro.text(language, address), Phrase.waitSpam.text(language)]
        screen.forms = [
            Screen.Form(
                formAction: path, formMethod: "get", hidden: [("refreshed", "1")],
                buttons: [Screen.Button(buttonLabel: Phrase.refreshButton.text(language))]),
            Screen.Form(
                formAction: path,
                buttons: [Screen.Button(buttonLabel: Phrase.sendAgainButton.text(language), isPrimary: false)]),
        ]
        screen.offersMailPage = true
        screen.links = [
            Screen.Link(linkPath: FirstLoginStep.mailAddress.path, linkLabel: Phrase.changeAddress.text(language))
        ]
        screen.offersLogOut = true
        return screen
    }
}
