import FoundationEssentials
import Hummingbird
import WebAuthnModel

/// Chapter 2 and ★: the pages around the WebAuthn ceremonies, naming a passkey, and the top page.
struct PasskeyPages: Sendable {
    let core: PortalCore

    @Sendable func showSetUp(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch core.admit(toPaths: ["/passkeys/new", "/top"], context) {
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
            if visitor.hasPasskeys {
                screen.links = [Screen.Link(linkPath: "/top", linkLabel: Phrase.skipToTop.text(language))]
            }
            screen.offersLogOut = true
            return core.page(screen, for: request, context)
        }
    }

    @Sendable func showNaming(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch core.admit(toPaths: ["/passkeys/name"], context) {
        case .elsewhere(let response): response
        case .visitor(let visitor):
            core.page(
                namingScreen(context.language, credentialID: visitor.unnamedPasskey ?? [])
                    .noting(Phrase.noticePasskeyAdded.text(context.language)),
                for: request, context)
        }
    }

    @Sendable func submitName(_ request: Request, _ context: PortalContext) async throws -> Response {
        let fields = try await FormFields(of: request, in: context)
        switch core.admit(toPaths: ["/passkeys/name"], context) {
        case .elsewhere(let response): return response
        case .visitor(let visitor):
            let name = HalfWidth.trimmed(fields["name"])
            let isPrintable = !name.unicodeScalars.contains { $0.properties.generalCategory == .control }
            guard (1...64).contains(name.count), name.utf8.count <= 400, isPrintable,
                let credentialID = Base64URL.decode(fields["credential"])
            else {
                var screen = namingScreen(context.language, credentialID: visitor.unnamedPasskey ?? [])
                screen.forms[0].fields[0].isInvalid = true
                return core.refusal(screen, Phrase.nameMissing.text(context.language), for: request, context)
            }
            _ = try await core.database.write {
                try Passkey.rename(credentialID, of: visitor.account.id, to: name, in: $0)
            }
            // Another passkey may wait for its name.
            return core.redirect(to: visitor.unnamedPasskey == credentialID ? "/top" : "/")
        }
    }

    @Sendable func showLogin(_ request: Request, _ context: PortalContext) async throws -> Response {
        switch core.admit(toPaths: ["/login/passkey"], context) {
        case .elsewhere(let response): return response
        case .visitor:
            let language = context.language
            var screen = Screen(steps: ["x.2", "x.3", "x.4"], title: Phrase.biometricsTitle.text(language))
            screen.paragraphs = [Phrase.biometricsIntro.text(language), Phrase.biometricsPhone.text(language)]
            screen.ceremony = Screen.CeremonyPanel(
                ceremonyKind: "authentication",
                ceremonyButtons: [("", Phrase.biometricsButton.text(language))])
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
            screen.passkeysTitle = Phrase.topPasskeys.text(language)
            screen.passkeys = passkeys.map { passkey in
                let used = passkey.lastUsedAt.map { Phrase.topLastUsed.text(language, PasskeyPages.day($0)) }
                let details = [
                    Phrase.topCreated.text(language, PasskeyPages.day(passkey.createdAt)),
                    used ?? Phrase.topNeverUsed.text(language),
                ]
                return Screen.PasskeyRow(
                    passkeyName: passkey.name ?? Phrase.unnamedPasskey.text(language),
                    passkeyDetails: details.joined(separator: language == .japanese ? "・" : " · "))
            }
            screen.links = [Screen.Link(linkPath: "/passkeys/new", linkLabel: Phrase.topAdd.text(language))]
            screen.offersLogOut = true
            return core.page(screen, for: request, context)
        }
    }

    private func namingScreen(_ language: Language, credentialID: [UInt8]) -> Screen {
        var screen = Screen(steps: ["2-1.6", "2-1.7", "2-2.4"], title: Phrase.nameTitle.text(language))
        screen.paragraphs = [Phrase.nameIntro.text(language)]
        let field = Screen.Field(
            fieldName: "name", fieldLabel: Phrase.nameLabel.text(language),
            fieldValue: Phrase.nameDefault.text(language), fieldHint: Phrase.nameHint.text(language), maximumLength: 64)
        screen.forms = [
            Screen.Form(
                formAction: "/passkeys/name", hidden: [("credential", Base64URL.encode(credentialID))],
                fields: [field], buttons: [Screen.Button(buttonLabel: Phrase.nextButton.text(language))])
        ]
        return screen
    }

    /// The day of a moment, in UTC.
    private static func day(_ date: Date) -> String {
        String(date.ISO8601Format(.init(dateSeparator: .dash)).prefix(10))
    }
}
