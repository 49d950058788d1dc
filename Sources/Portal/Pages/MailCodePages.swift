import FoundationEssentials
import Hummingbird

/// One-time passwords by mail: a code for each login, typed where it was asked for.
struct MailCodePages: Sendable {
    let core: PortalCore

    private static let path = AuthenticationMethod.mail.proofPath

    @Sendable func show(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch core.admit(toProofBy: .mail, context) {
        case .elsewhere(let response): return response
        case .visitor(let visitor):
            return core.page(try await screen(for: visitor, context), for: request, context)
        }
    }

    @Sendable func sendAgain(_ request: Request, _ context: PortalContext) async throws -> Response {
        _ = try await FormFields(of: request, in: context)
        switch core.admit(toProofBy: .mail, context) {
        case .elsewhere(let response): return response
        case .visitor(let visitor):
            var screen = try await screen(for: visitor, context)
            if screen.forms.first?.fields.isEmpty == false {
                let address = MailCodePages.veiled(visitor.account.mailAddress ?? "")
                screen.paragraphs = [Phrase.mailCodeEarlier.text(context.language, address)]
            }
            do {
                let decision = try await core.sendCode(
                    to: visitor.account, sessionIDHash: context.session.idHash, context.language)
                if case .delayed(let seconds) = decision {
                    return core.delay(screen, seconds: seconds, for: request, context)
                }
            } catch let error as any MailTransportError {
                return core.mailNotSent(error, on: screen, for: request, context)
            }
            return core.redirect(to: MailCodePages.path)
        }
    }

    @Sendable func submit(_ request: Request, _ context: PortalContext) async throws -> Response {
        let fields = try await FormFields(of: request, in: context)
        let visitor: Session.Visitor
        switch core.admit(toProofBy: .mail, context) {
        case .elsewhere(let response): return response
        case .visitor(let admitted): visitor = admitted
        }
        let core = core
        let session = context.session
        let now = core.now
        let code = TypedCode.digits(fields["code"])
        let outcome = try await core.redeemCode(of: visitor.account.id, level: .mail, from: session) { database in
            switch try MailCode.redeem(code: code, for: session, sealing: core.sealing, now: now, in: database) {
            case .none: .mailCodeVoid
            case .wrong: .mailCodeWrong
            case .right: nil
            }
        }
        var screen = try await screen(for: visitor, context)
        if screen.forms.first?.fields.isEmpty == false { screen.forms[0].fields[0].isInvalid = true }
        return core.answer(outcome, on: screen, for: request, context)
    }

    /// Asks for the code when the visit has one, else offers to send one.
    private func screen(for visitor: Session.Visitor, _ context: PortalContext) async throws -> Screen {
        let language = context.language
        let session = context.session
        let now = core.now
        let isOpen = try await core.database.read { try MailCode.isOpen(for: session, now: now, in: $0) }
        let address = visitor.account.mailAddress ?? ""
        var screen = Screen(steps: ["c.1"], title: Phrase.mailCodeTitle.text(language))
        let send = Screen.Form(
            formAction: MailCodePages.path + "/send",
            buttons: [
                Screen.Button(
                    buttonLabel: (isOpen ? Phrase.sendAgainButton : .mailCodeSend).text(language), isPrimary: !isOpen)
            ])
        if isOpen {
            screen.paragraphs = [Phrase.mailCodeIntro.text(language, MailCodePages.veiled(address))]
            screen.forms = [
                Screen.Form(
                    formAction: MailCodePages.path, fields: [.code(hint: .mailCodeHint, language)],
                    buttons: [Screen.Button(buttonLabel: Phrase.nextButton.text(language))]),
                send,
            ]
        } else {
            screen.paragraphs = [Phrase.mailCodeNone.text(language, MailCodePages.veiled(address))]
            screen.forms = [send]
        }
        screen.explainProof(context)
        screen.links = [.help(language)]
        screen.offersMailPage = true
        screen.offersLogOut = true
        return screen
    }

    /// The address as far as its owner needs it: who only knows the password does not learn it here.
    static func veiled(_ address: String) -> String {
        let parts = address.split(separator: "@", maxSplits: 1)
        guard let local = parts.first, let domain = parts.last, parts.count == 2 else { return "…" }
        return "\(local.prefix(1))…@\(domain)"
    }
}

extension PortalCore {
    /// Sends a fresh code to an account's address and, only when it is on its way, stores it for a visit.
    ///
    /// - Throws: A ``MailTransportError`` when it could not be sent; an earlier code is still good then.
    ///   ``PortalFailure/formExpired`` when the visit has ended meanwhile.
    func sendCode(
        to account: Account, sessionIDHash: [UInt8], _ language: Language
    ) async throws -> AttemptLimiter.Decision {
        guard let address = account.mailAddress.flatMap({ MailAddress($0) }) else { throw PortalFailure.internalError }
        let now = now
        let key = AttemptLimiter.Key.mailCode(accountID: account.id)
        let decision = try await database.write { try AttemptLimiter.admit([key], now: now, in: $0) }
        guard case .admitted = decision else { return decision }
        let code = MailCode.random()
        try await send(
            subject: Phrase.mailCodeSubject.text(language, configuration.name),
            text: Phrase.mailCodeText.text(language, configuration.name, code), to: address)
        let sealing = sealing
        // Sending takes its time: the visit may have ended meanwhile.
        try await database.write { database in
            guard try SessionStore.isOpen(idHash: sessionIDHash, in: database) else { throw PortalFailure.formExpired }
            try MailCode.open(code, for: sessionIDHash, sealing: sealing, now: now, in: database)
        }
        return decision
    }
}
