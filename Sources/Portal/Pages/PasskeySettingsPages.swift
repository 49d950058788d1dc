import FoundationEssentials
import Hummingbird
import RelyingParty
import WebAuthnModel

/// Settings: the account's passkeys, listed, shown, renamed and removed.
///
/// The list also tells the browser what is registered (WebAuthn Level 3 §5.1.10, signal methods), so that password managers
/// forget what was removed and show the account's present name.
struct PasskeySettingsPages: Sendable {
    let core: PortalCore

    /// The path of a passkey's page.
    private static func path(_ credentialID: [UInt8]) -> String {
        "/settings/passkeys/\(Base64URL.encode(credentialID))"
    }

    @Sendable func showList(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch core.admit(toPaths: ["/top"], context) {
        case .elsewhere(let response): return response
        case .visitor(let visitor):
            let language = context.language
            let passkeys = try await core.database.read { try Passkey.all(of: visitor.account.id, in: $0) }
            var screen = Screen(title: Phrase.topPasskeys.text(language))
            screen.paragraphs = [
                (passkeys.isEmpty ? Phrase.passkeysNone : .passkeysIntro).text(language)
            ]
            screen.menu = passkeys.map { passkey in
                Screen.MenuItem(
                    menuPath: PasskeySettingsPages.path(passkey.credentialID),
                    menuLabel: passkey.name ?? Phrase.unnamedPasskey.text(language),
                    menuHint: PasskeyPages.dates(of: passkey, language))
            }
            screen.links = [
                Screen.Link(linkPath: "/passkeys/new", linkLabel: Phrase.topAdd.text(language)), .settings(language),
            ]
            screen.signals = try signals(visitor.account, passkeys)
            screen.offersCeremonies = true
            screen.offersLogOut = true
            return core.page(screen, for: request, context)
        }
    }

    @Sendable func show(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch try await admit(context) {
        case .elsewhere(let response): response
        case .passkey(let passkey, _):
            core.page(try await screen(passkey, context.language), for: request, context)
        }
    }

    @Sendable func rename(_ request: Request, _ context: PortalContext) async throws -> Response {
        let fields = try await FormFields(of: request, in: context)
        switch try await admit(context) {
        case .elsewhere(let response): return response
        case .passkey(let passkey, let visitor):
            guard let name = PasskeyName(fields["name"]) else {
                var screen = try await screen(passkey, context.language)
                screen.forms[0].fields[0].isInvalid = true
                return core.refusal(screen, .nameMissing, for: request, context)
            }
            let session = context.session
            try await core.database.write { database in
                guard try SessionStore.isOpen(session, in: database) else { throw PortalFailure.formExpired }
                _ = try Passkey.rename(passkey.credentialID, of: visitor.account.id, to: name.text, in: database)
            }
            return core.redirect(to: "/settings/passkeys", saying: .noticeRenamed, in: session.secret)
        }
    }

    @Sendable func showRemoval(_ request: Request, _ context: PortalContext) async throws -> Response {
        if case .elsewhere(let response) = try await core.admit(toChange: .passkeys, context) { return response }
        switch try await admit(context) {
        case .elsewhere(let response): return response
        case .passkey(let passkey, let visitor):
            let language = context.language
            var screen = removalScreen(passkey, language)
            let isLast = try await core.database.read {
                try Passkey.isLastWay(passkey.credentialID, of: visitor.account, in: $0)
            }
            if isLast {
                // No button that would only be refused.
                screen = screen.refusing(Phrase.passkeyIsLast.text(language))
                screen.paragraphs = []
                screen.forms = []
                screen.links = [
                    Screen.Link(linkPath: "/passkeys/new", linkLabel: Phrase.topAdd.text(language)),
                    .settings(language),
                ]
            }
            return core.page(screen, for: request, context)
        }
    }

    @Sendable func remove(_ request: Request, _ context: PortalContext) async throws -> Response {
        _ = try await FormFields(of: request, in: context)
        if case .elsewhere(let response) = try await core.admit(toChange: .passkeys, context) { return response }
        switch try await admit(context) {
        case .elsewhere(let response): return response
        case .passkey(let passkey, let visitor):
            let session = context.session
            let now = core.now
            let core = core
            let language = context.language
            let outcome = try await core.database.write { database -> (isRemoved: Bool, goesOn: Bool) in
                guard try SessionStore.isOpen(session, in: database) else { throw PortalFailure.formExpired }
                let isRemoved = try Passkey.remove(passkey.credentialID, of: visitor.account, in: database)
                if isRemoved {
                    try core.notify(of: [.noticeMailPasskeyRemoved], visitor.account, language, in: database)
                }
                let goesOn = try SessionStore.find(secret: session.secret, now: now, in: database) != nil
                return (isRemoved, goesOn)
            }
            guard outcome.isRemoved else {
                return core.refusal(
                    removalScreen(passkey, context.language), .passkeyIsLast,
                    for: request, context)
            }
            if outcome.goesOn {
                return core.redirect(to: "/settings/passkeys", saying: .noticeRemoved, in: session.secret)
            }
            // This very visit began with it. The page that says so also tells the browser.
            var screen = Screen(title: Phrase.removedTitle.text(context.language))
            screen.signals = try JSONText.encode(
                Signals(
                    unknown: Signals.Unknown(
                        rpId: core.configuration.relyingPartyID,
                        credentialId: Base64URL.encode(passkey.credentialID))))
            screen.links = [
                Screen.Link(linkPath: "/login", linkLabel: Phrase.loginTitle.text(context.language))
            ]
            return core.page(
                screen.noting(Phrase.removedAndLoggedOut.text(context.language)), for: request, context)
        }
    }

    private enum PasskeyAdmission {
        case passkey(Passkey, Session.Visitor)
        case elsewhere(Response)
    }

    /// The passkey of the path, when it is the visitor's.
    private func admit(_ context: PortalContext) async throws -> PasskeyAdmission {
        switch core.admit(toPaths: ["/top"], context) {
        case .elsewhere(let response): return .elsewhere(response)
        case .visitor(let visitor):
            guard let credentialID = context.parameters.get("credential").flatMap({ Base64URL.decode($0) }),
                let passkey = try await core.database.read({ try Passkey.find(credentialID, in: $0) }),
                passkey.accountID == visitor.account.id
            else { throw PortalFailure.notFound }
            return .passkey(passkey, visitor)
        }
    }

    private func screen(_ passkey: Passkey, _ language: Language) async throws -> Screen {
        var screen = Screen(title: passkey.name ?? Phrase.unnamedPasskey.text(language))
        let attestation = try await PasskeyAttestation(of: passkey, core: core)
        screen.details = PasskeyDetails.of(passkey, attestation, language)
        let path = PasskeySettingsPages.path(passkey.credentialID)
        let field = Screen.Field(
            fieldName: "name", fieldLabel: Phrase.nameLabel.text(language), fieldValue: passkey.name ?? "",
            fieldHint: Phrase.nameHint.text(language), maximumLength: 64)
        screen.forms = [
            Screen.Form(
                formAction: path, fields: [field],
                buttons: [Screen.Button(buttonLabel: Phrase.renameButton.text(language))])
        ]
        if passkey.supportsPRF != false {
            screen.ceremony = Screen.CeremonyPanel(
                ceremonyKind: "derivation",
                ceremonyButtons: [
                    (Base64URL.encode(passkey.credentialID), Phrase.derivationButton.text(language))
                ],
                ceremonyTitle: Phrase.derivationTitle.text(language))
        }
        screen.offersCeremonies = true
        screen.links = [
            Screen.Link(linkPath: path + "/removal", linkLabel: Phrase.removeLink.text(language)),
            Screen.Link(linkPath: "/settings/passkeys", linkLabel: Phrase.backToPasskeys.text(language)),
        ]
        screen.offersLogOut = true
        return screen
    }

    private func removalScreen(_ passkey: Passkey, _ language: Language) -> Screen {
        let path = PasskeySettingsPages.path(passkey.credentialID)
        var screen = Screen(title: Phrase.removalTitle.text(language))
        screen.paragraphs = [
            Phrase.removalIntro.text(language, passkey.name ?? Phrase.unnamedPasskey.text(language)),
            Phrase.removalEffect.text(language),
        ]
        screen.forms = [
            Screen.Form(
                formAction: path + "/removal",
                buttons: [Screen.Button(buttonLabel: Phrase.removeButton.text(language), isDangerous: true)])
        ]
        screen.links = [Screen.Link(linkPath: path, linkLabel: Phrase.cancelLink.text(language))]
        screen.offersLogOut = true
        return screen
    }

    private func signals(_ account: Account, _ passkeys: [Passkey]) throws -> String {
        let relyingPartyID = core.configuration.relyingPartyID
        let userID = Base64URL.encode(account.userHandle)
        return try JSONText.encode(
            Signals(
                accepted: Signals.Accepted(
                    rpId: relyingPartyID, userId: userID,
                    allAcceptedCredentialIds: passkeys.map { Base64URL.encode($0.credentialID) }),
                details: Signals.Details(
                    rpId: relyingPartyID, userId: userID, name: account.userID, displayName: account.name)))
    }
}

/// What a page tells the browser about passkeys (WebAuthn Level 3 §5.1.10): the arguments of the signal methods.
struct Signals: Encodable {
    /// `PublicKeyCredential.signalAllAcceptedCredentials`.
    struct Accepted: Encodable {
        let rpId: String
        let userId: String
        let allAcceptedCredentialIds: [String]
    }
    /// `PublicKeyCredential.signalCurrentUserDetails`.
    struct Details: Encodable {
        let rpId: String
        let userId: String
        let name: String
        let displayName: String
    }
    /// `PublicKeyCredential.signalUnknownCredential`.
    struct Unknown: Encodable {
        let rpId: String
        let credentialId: String
    }

    var accepted: Accepted?
    var details: Details?
    var unknown: Unknown?
}
