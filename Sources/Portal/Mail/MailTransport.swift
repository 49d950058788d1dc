import FoundationEssentials
import WebAuthnModel

/// Where mails go.
protocol MailTransport: Sendable {
    /// Hands a mail over; when this returns, somebody else is responsible for it.
    ///
    /// - Throws: A ``MailTransportError``, or ``PortalFailure/unavailable`` when too much is going on.
    func deliver(_ message: MailMessage) async throws
}

/// Why a mail was not handed over: a sentence for the log that names no person.
protocol MailTransportError: Error, CustomStringConvertible {}

extension PortalCore {
    /// Sends a mail in the portal's name.
    func send(subject: String, text: String, to recipient: MailAddress) async throws {
        try await mail.deliver(
            MailMessage(
                senderName: configuration.name, sender: sender, recipient: recipient, subject: subject, text: text,
                date: now, zone: .current, identifier: Base64URL.encode(Secret.random(16))))
    }
}
