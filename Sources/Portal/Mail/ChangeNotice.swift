import Hummingbird
import Logging

extension PortalCore {
    /// Tells the account's owner by mail what was changed, in one mail; that it was does not depend on the mail.
    ///
    /// The mail holds no text that a visitor has chosen, such as a passkey's name: whoever has got in could write to the
    /// owner in the portal's name.
    ///
    /// - Parameters:
    ///   - changes: a sentence each; without one, no mail is sent.
    ///   - account: the account as it was before, with the address that is told.
    func notify(of changes: [Phrase], _ account: Account, _ context: PortalContext) async {
        guard !changes.isEmpty, let address = account.mailAddress.flatMap({ MailAddress($0) }) else { return }
        let name = configuration.name
        let sentences = changes.map { $0.text(context.language) }.joined(separator: "\n")
        do {
            try await send(
                subject: Phrase.noticeMailSubject.text(context.language, name),
                text: Phrase.noticeMailText.text(context.language, name, sentences), to: address)
        } catch {
            context.logger.error("mail not delivered", metadata: ["error": "\(error)"])
        }
    }
}
