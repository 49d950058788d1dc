import GRDB

extension PortalCore {
    /// Tells the account's owner by mail what is changed, in one mail, written in the transaction that changes it.
    ///
    /// Nobody waits for the mail: it goes out of the ``Outbox``, and neither a mail server that hangs nor the end of the
    /// process loses it.
    ///
    /// The mail holds no text that a visitor has chosen, such as a passkey's name: whoever has got in could write to the
    /// owner in the portal's name.
    ///
    /// - Parameters:
    ///   - changes: a sentence each; without one, no mail is sent.
    ///   - account: the account as it was before, with the address that is told.
    func notify(of changes: [Phrase], _ account: Account, _ language: Language, in database: Database) throws {
        guard !changes.isEmpty, let address = account.mailAddress.flatMap({ MailAddress($0) }) else { return }
        let name = configuration.name
        let sentences = changes.map { $0.text(language) }.joined(separator: "\n")
        try outbox.put(
            subject: Phrase.noticeMailSubject.text(language, name),
            text: Phrase.noticeMailText.text(language, name, sentences), to: address, in: database)
    }
}
