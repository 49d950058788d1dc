import FoundationEssentials
import HTTPTypes
import Hummingbird
import RelyingParty
import WebAuthnModel

/// Chapter 2 and ★: the pages around the WebAuthn ceremonies, naming a passkey, and the top page.
struct PasskeyPages: Sendable {
    let core: PortalCore

    @Sendable func showSetUp(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch try await core.admit(toChange: .anotherPasskey, from: ["/passkeys/new", "/top"], context) {
        case .elsewhere(let response): return response
        case .visitor(let visitor):
            let language = context.language
            var screen = Screen(
                steps: ["2-1.2", "2-1.3", "2-1.4", "2-1.5", "2-2.2", "2-2.3"], title: Phrase.setUpTitle.text(language))
            screen.paragraphs = [Phrase.setUpReady, .setUpIntro, .setUpBluetooth].map { $0.text(language) }
            screen.ceremony = Screen.CeremonyPanel(
                ceremonyKind: "registration",
                ceremonyButtons: [
                    ("platform", Phrase.setUpHere.text(language)),
                    ("cross-platform", Phrase.setUpElsewhere.text(language)),
                ])
            screen.links = [
                visitor.isSetUp
                    ? .top(language)
                    : Screen.Link(linkPath: "/settings/method", linkLabel: Phrase.otherMethod.text(language))
            ]
            screen.offersCeremonies = true
            screen.offersLogOut = true
            return core.page(screen, for: request, context)
        }
    }

    @Sendable func showNaming(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch core.admit(toPaths: ["/passkeys/name"], context) {
        case .elsewhere(let response): response
        case .visitor(let visitor):
            core.page(
                try await namingScreen(for: visitor, request, context)
                    .noting(Phrase.noticePasskeyAdded.text(context.language)),
                for: request, context)
        }
    }

    @Sendable func submitName(_ request: Request, _ context: PortalContext) async throws -> Response {
        let fields = try await FormFields(of: request, in: context)
        switch core.admit(toPaths: ["/passkeys/name"], context) {
        case .elsewhere(let response): return response
        case .visitor(let visitor):
            guard let name = PasskeyName(fields["name"]), let credentialID = Base64URL.decode(fields["credential"])
            else {
                var screen = try await namingScreen(for: visitor, request, context)
                screen.forms[0].fields[0].isInvalid = true
                return core.refusal(screen, .nameMissing, for: request, context)
            }
            let session = context.session
            try await core.database.write { database in
                guard try SessionStore.isOpen(session, in: database) else { throw PortalFailure.formExpired }
                _ = try Passkey.rename(credentialID, of: visitor.account.id, to: name.text, in: database)
            }
            // Another passkey may wait for its name.
            return core.redirect(to: visitor.unnamedPasskey == credentialID ? "/top" : "/")
        }
    }

    @Sendable func showLogin(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch core.admit(toProofBy: .passkey, context) {
        case .elsewhere(let response): return response
        case .visitor:
            let language = context.language
            var screen = Screen(steps: ["x.2", "x.3", "x.4"], title: Phrase.biometricsTitle.text(language))
            screen.paragraphs = [Phrase.biometricsIntro.text(language), Phrase.biometricsPhone.text(language)]
            screen.explainProof(context)
            screen.ceremony = Screen.CeremonyPanel(
                ceremonyKind: "authentication",
                ceremonyButtons: [("", Phrase.biometricsButton.text(language))])
            screen.links = [.help(language)]
            screen.offersCeremonies = true
            screen.offersLogOut = true
            return core.page(screen, for: request, context)
        }
    }

    @Sendable func showTop(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch core.admit(toPaths: ["/top"], context) {
        case .elsewhere(let response): return response
        case .visitor(let visitor):
            let language = context.language
            let passkeys = try await core.database.read { try Passkey.all(of: visitor.account.id, in: $0) }
            var screen = Screen(steps: ["2-1.8", "2-2.5", "x.5"], title: Phrase.topTitle.text(language))
            screen.paragraphs = [Phrase.topWelcome.text(language, visitor.account.name)]
            screen.details = [
                Screen.Detail(
                    term: Phrase.methodTerm.text(language), description: visitor.account.method.label.text(language))
            ]
            screen.passkeysTitle = Phrase.topPasskeys.text(language)
            screen.passkeys = passkeys.map { passkey in
                Screen.PasskeyRow(
                    passkeyName: passkey.name ?? Phrase.unnamedPasskey.text(language),
                    passkeyDetails: PasskeyPages.dates(of: passkey, language))
            }
            screen.links = [
                Screen.Link(linkPath: "/passkeys/new", linkLabel: Phrase.topAdd.text(language)),
                Screen.Link(linkPath: "/settings", linkLabel: Phrase.settingsTitle.text(language)),
            ]
            screen.offersCeremonies = true
            screen.offersLogOut = true
            return core.page(screen, for: request, context)
        }
    }

    private func namingScreen(
        for visitor: Session.Visitor, _ request: Request, _ context: PortalContext
    ) async throws -> Screen {
        let language = context.language
        let credentialID = visitor.unnamedPasskey ?? []
        let passkeys = try await core.database.read { try Passkey.all(of: visitor.account.id, in: $0) }
        let name = PasskeyName.proposal(
            userAgent: request.headers[.userAgent] ?? "",
            transports: passkeys.first { $0.credentialID == credentialID }?.record.transports.map(\.rawValue) ?? [],
            taken: passkeys.filter { $0.credentialID != credentialID }.compactMap(\.name), language)
        var screen = Screen(steps: ["2-1.6", "2-1.7", "2-2.4"], title: Phrase.nameTitle.text(language))
        screen.paragraphs = [Phrase.nameIntro.text(language)]
        let field = Screen.Field(
            fieldName: "name", fieldLabel: Phrase.nameLabel.text(language),
            fieldValue: name, fieldHint: Phrase.nameHint.text(language), maximumLength: 64)
        screen.forms = [
            Screen.Form(
                formAction: "/passkeys/name", hidden: [("credential", Base64URL.encode(credentialID))],
                fields: [field], buttons: [Screen.Button(buttonLabel: Phrase.nextButton.text(language))])
        ]
        return screen
    }

    /// When a passkey was registered and last used.
    static func dates(of passkey: Passkey, _ language: Language) -> String {
        let used = passkey.lastUsedAt.map { Phrase.topLastUsed.text(language, day($0)) }
        let dates = [
            Phrase.topCreated.text(language, day(passkey.createdAt)), used ?? Phrase.topNeverUsed.text(language),
        ]
        return dates.joined(separator: language == .japanese ? "・" : " · ")
    }

    /// The day of a moment where the portal runs.
    static func day(_ date: Date, in zone: TimeZone = .current) -> String {
        date.formatted(Date.ISO8601FormatStyle(timeZone: zone).year().month().day())
    }
}
