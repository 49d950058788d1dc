import FoundationEssentials
import GRDB
import Hummingbird
import QRCodes

/// One-time passwords by app: setting one up with a QR code, and logging in with a code.
struct OneTimePasswordPages: Sendable {
    let core: PortalCore

    private static let setUpPath = "/one-time-password/set-up"
    private static let loginPath = AuthenticationMethod.totp.proofPath

    @Sendable func showSetUp(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch try await admitToSetUp(context) {
        case .elsewhere(let response): return response
        case .visitor(let visitor):
            return core.page(try await setUpScreen(for: visitor, context), for: request, context)
        }
    }

    @Sendable func submitSetUp(_ request: Request, _ context: PortalContext) async throws -> Response {
        let fields = try await FormFields(of: request, in: context)
        let visitor: Session.Visitor
        switch try await admitToSetUp(context) {
        case .elsewhere(let response): return response
        case .visitor(let admitted): visitor = admitted
        }
        let core = core
        let session = context.session
        let now = core.now
        let code = TypedCode.digits(fields["code"])
        // One transaction: either the account has the app, and this visit has proven it, or nothing has changed.
        let language = context.language
        let secret = try await core.database.write { database -> [UInt8]? in
            guard try SessionStore.isOpen(session, in: database) else { throw PortalFailure.formExpired }
            guard
                try OneTimePasswordStore.confirm(
                    code: code, for: session, accountID: visitor.account.id, sealing: core.sealing, now: now,
                    in: database)
            else { return nil }
            let changes = try Account.setMethod(.totp, of: visitor.account.id, in: database)
            try core.notify(of: changes + [.noticeMailAppSetUp], visitor.account, language, in: database)
            return try SessionStore.begin(
                secret: core.secrets.issue(), accountID: visitor.account.id, level: .totp, isFirstLogin: false,
                replacing: session, now: now, in: database)
        }
        guard let secret else {
            var screen = try await setUpScreen(for: visitor, context)
            screen.forms[0].fields[0].isInvalid = true
            return core.refusal(screen, .totpWrongAtSetUp, for: request, context)
        }
        return core.redirect(to: "/top", saying: .noticeAppReady, in: secret).withCookie(core.sessionCookie(secret))
    }

    @Sendable func showLogin(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch core.admit(toProofBy: .totp, context) {
        case .elsewhere(let response): response
        case .visitor: core.page(loginScreen(context), for: request, context)
        }
    }

    @Sendable func submitLogin(_ request: Request, _ context: PortalContext) async throws -> Response {
        let fields = try await FormFields(of: request, in: context)
        let visitor: Session.Visitor
        switch core.admit(toProofBy: .totp, context) {
        case .elsewhere(let response): return response
        case .visitor(let admitted): visitor = admitted
        }
        let core = core
        let accountID = visitor.account.id
        let session = context.session
        let now = core.now
        let code = TypedCode.digits(fields["code"])
        var screen = loginScreen(context)
        screen.forms[0].fields[0].isInvalid = true
        let outcome = try await core.redeemCode(of: accountID, level: .totp, from: session) { database in
            let isRight = try OneTimePasswordStore.redeem(
                code: code, accountID: accountID, sealing: core.sealing, now: now, in: database)
            return isRight ? nil : .totpWrong
        }
        return core.answer(outcome, on: screen, for: request, context)
    }

    private func admitToSetUp(_ context: PortalContext) async throws -> Admission {
        try await core.admit(
            toChange: .method, from: ["/top", "/passkeys/new", OneTimePasswordPages.setUpPath], context)
    }

    private func setUpScreen(for visitor: Session.Visitor, _ context: PortalContext) async throws -> Screen {
        let language = context.language
        let core = core
        let session = context.session
        let now = core.now
        let password = try await core.database.write {
            try OneTimePasswordStore.setUp(for: session, sealing: core.sealing, now: now, in: $0)
        }
        let uri = password.uri(issuer: core.configuration.name, account: visitor.account.userID)
        var screen = Screen(steps: ["b.1", "b.2"], title: Phrase.totpSetUpTitle.text(language))
        screen.paragraphs = [Phrase.totpSetUpIntro.text(language)]
        screen.qrCode = Screen.QRCodePicture(
            qrCodeSVG: try QRCode.draw(uri).svg(moduleSize: 5), qrCodeLabel: Phrase.totpQRLabel.text(language))
        screen.details = [
            Screen.Detail(
                term: Phrase.totpSecret.text(language),
                description: OneTimePasswordPages.grouped(Base32.encode(password.secret)), isCode: true)
        ]
        screen.appLink = Screen.Link(linkPath: uri, linkLabel: Phrase.totpOpenApp.text(language))
        screen.forms = [codeForm(action: OneTimePasswordPages.setUpPath, hint: .totpSetUpCodeHint, language)]
        screen.links = [
            Screen.Link(linkPath: "/settings/method", linkLabel: Phrase.otherMethod.text(language))
        ]
        screen.offersLogOut = true
        return screen
    }

    private func loginScreen(_ context: PortalContext) -> Screen {
        let language = context.language
        var screen = Screen(steps: ["b.3"], title: Phrase.totpLoginTitle.text(language))
        screen.paragraphs = [Phrase.totpLoginIntro.text(language)]
        screen.explainProof(context)
        screen.forms = [codeForm(action: OneTimePasswordPages.loginPath, hint: .totpCodeHint, language)]
        screen.links = [.help(language)]
        screen.offersLogOut = true
        return screen
    }

    private func codeForm(action: String, hint: Phrase, _ language: Language) -> Screen.Form {
        Screen.Form(
            formAction: action, fields: [.code(hint: hint, language)],
            buttons: [Screen.Button(buttonLabel: Phrase.nextButton.text(language))])
    }

    /// Groups of four, easier to type.
    private static func grouped(_ text: String) -> String {
        text.enumerated().map { $0 > 0 && $0.isMultiple(of: 4) ? " \($1)" : "\($1)" }.joined()
    }
}

extension Screen.Field {
    /// The field for a code of six digits; browsers and phones offer the one that has just arrived.
    static func code(hint: Phrase, _ language: Language) -> Screen.Field {
        Screen.Field(
            fieldName: "code", fieldLabel: Phrase.codeLabel.text(language), fieldHint: hint.text(language),
            autocomplete: "one-time-code", inputMode: "numeric", maximumLength: 16)
    }
}
