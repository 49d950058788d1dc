import HTTPTypes
import Hummingbird

/// The page that shows the Maildir to whoever tests on this machine: for everybody else it does not exist.
struct MailboxPage: Sendable {
    let core: PortalCore

    /// How many mails are shown, newest first.
    private static let maximumCount = 30

    /// What only a proxy writes (RFC 7239, RFC 9110 §7.6.3, and custom): the visitor may be anywhere.
    private static let proxyHeaders = ["forwarded", "via", "x-forwarded-for"].compactMap { HTTPField.Name($0) }

    @Sendable func show(_ request: Request, _ context: PortalContext) async throws -> Response {
        guard !MailboxPage.proxyHeaders.contains(where: { request.headers.contains($0) }) else {
            throw PortalFailure.notFound
        }
        // The host's name, so that no page of another site reaches it by having its own name lead to this machine.
        let host = request.head.authority.map { PortalOrigins.host(ofAuthority: $0) }
        guard let maildir = core.maildir, core.offersMailPage, NetworkAddress.isLoopback(context.remoteAddress),
            core.origins.hosts.contains(where: { $0 == host })
        else { throw PortalFailure.notFound }
        let language = context.language
        let mails = try await maildir.newest(MailboxPage.maximumCount)
        var screen = Screen(title: Phrase.mailPageTitle.text(language))
        screen.paragraphs = [(mails.isEmpty ? Phrase.mailPageEmpty : .mailPageIntro).text(language)]
        screen.mails = mails.map { mail in
            Screen.ShownMail(
                mailSubject: mail.subject, mailHeaders: "\(mail.recipient) · \(mail.date)",
                mailText: mail.pieces(linking: core.origins.base))
        }
        screen.links = [Screen.Link(linkPath: "/", linkLabel: Phrase.backToStart.text(language))]
        return core.page(screen, for: request, context)
    }
}
