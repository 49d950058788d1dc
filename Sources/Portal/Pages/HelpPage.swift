import Hummingbird

/// What to do with a lost device, app or mailbox, or a forgotten password: what this portal offers, and no more.
struct HelpPage: Sendable {
    let core: PortalCore

    static let path = "/help"

    @Sendable func show(_ request: Request, _ context: PortalContext) async throws -> Response {
        let language = context.language
        func text(_ phrase: Phrase, _ names: Phrase...) -> String {
            // What is to be pressed is called what the pages call it.
            let names = names.map { $0.text(language) }
            return phrase.text(language, names.first ?? "", names.dropFirst().first ?? "")
        }
        var screen = Screen(title: text(.helpTitle))
        screen.sections = [
            Screen.Section(
                sectionTitle: text(.helpDeviceTitle),
                sectionParagraphs: [
                    text(.helpOtherDevice, .passkeyLoginButton), text(.helpOneTimePassword),
                    text(.helpRemoval, .settingsTitle, .topPasskeys),
                    text(.helpEverywhere, .settingsTitle, .logOutEverywhere),
                ]),
            Screen.Section(
                sectionTitle: text(.helpCodeTitle),
                sectionParagraphs: [text(.helpCode, .passkeyLoginButton, .settingsTitle)]),
            Screen.Section(
                sectionTitle: text(.helpPasswordTitle),
                sectionParagraphs: [text(.helpPassword, .passkeyLoginButton), text(.helpPasswordChange)]),
            Screen.Section(
                sectionTitle: text(.helpDeskTitle), sectionParagraphs: [text(.helpDesk), text(.helpReset)]),
        ]
        screen.links = [Screen.Link(linkPath: "/", linkLabel: text(.backToStart))]
        screen.offersLogOut = context.session.visitor != nil
        return core.page(screen, for: request, context)
    }
}

extension Screen.Link {
    /// For those who cannot log in.
    static func help(_ language: Language) -> Screen.Link {
        Screen.Link(linkPath: HelpPage.path, linkLabel: Phrase.helpTitle.text(language))
    }
}
