public import FoundationEssentials
public import Logging
public import RelyingParty

/// How a portal runs.
public struct PortalConfiguration: Sendable {
    /// The RP ID: the domain of the origins, or one above it.
    public var relyingPartyID = "localhost"
    /// The name on pages, in mails and in the authenticator's dialogues.
    public var name = "Aikagi Portal"
    /// The origins whose pages may use the portal; the first is where mail links lead.
    ///
    /// Empty: `http://`, the RP ID and the port that the portal listens on. An `https` origin makes the session cookie `Secure`.
    public var origins: [String] = []
    /// The network address to listen on.
    public var address = "127.0.0.1"
    /// The TCP port; 0 takes a free one.
    public var port = 0
    /// The SQLite file, created when missing.
    public var databasePath: String
    /// The Maildir that mails are delivered into, created when missing.
    public var mailDirectory: String
    /// What time it is.
    public var clock: @Sendable () -> Date = { Date() }
    /// What a guess at a password costs.
    public var passwordCost = PasswordCost.standard
    /// The language when neither the page's link nor the browser decides.
    public var language = Language.japanese
    /// Whether pages show the manual's step numbers.
    public var showsManualSteps = false
    /// What attestation new passkeys are asked for.
    public var attestation = AttestationConveyance.none
    /// Where the portal writes what happens; nothing personal is written.
    public var logger = Logger(label: "portal")
    /// Called with the port once the portal listens.
    public var onListening: @Sendable (Int) async -> Void = { _ in }

    /// A configuration with the two places where the portal keeps things; the rest has defaults.
    public init(databasePath: String, mailDirectory: String) {
        self.databasePath = databasePath
        self.mailDirectory = mailDirectory
    }
}
