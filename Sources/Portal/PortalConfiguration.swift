public import FoundationEssentials
public import Logging
import NIOCore
import NIOSSL
public import RelyingParty
public import WebAuthnModel

/// How a portal runs.
///
/// Attempts are slowed per network address (of IPv6: per 64-bit prefix), and that is the address of the connection's
/// peer: no header such as `X-Forwarded-For` is trusted. Behind a reverse proxy all visitors therefore share one
/// address and its limits (50 failed logins in 15 minutes, 300 logins without a password begun in 5 minutes), so that one of
/// them can delay all the others. There the proxy itself should limit each client, well below these numbers.
public struct PortalConfiguration: Sendable {
    /// The RP ID: the domain of the origins, or one above it.
    public var relyingPartyID = "localhost"
    /// The name on pages, in mails and in the authenticator's dialogues.
    public var name = "Aikagi Portal"
    /// The origins whose pages may use the portal; the first is where mail links lead.
    ///
    /// Empty: `http://` (`https://` with ``tls``), the RP ID and the port that the portal listens on. An `https` origin makes the session cookie `Secure`.
    public var origins: [String] = []
    /// The network address to listen on.
    public var address = "127.0.0.1"
    /// The TCP port; 0 takes a free one.
    public var port = 0
    /// How long a connection may be idle, or take over a request's head or the next part of its body, before it is
    /// closed.
    public var idleTimeout = Duration.seconds(30)
    /// How long a connection may owe something before it is closed.
    ///
    /// From the first bytes of a request, or the first part of an answer that has not left yet, until all answers have left;
    /// an answer may wait for a mail server for a minute.
    public var exchangeTimeout = Duration.seconds(120)
    /// How many connections are served at once, give or take a few that arrive at the same moment; at least 1.
    ///
    /// Further ones wait until one closes. Each takes a file descriptor, and a process often has 1024.
    public var maximumConnections = 512
    /// The SQLite file, created when missing; nobody else may read it then.
    public var databasePath: String
    /// The file of the key that seals secrets in the database, created when missing; `nil`: the database's path and `.key`.
    ///
    /// A backup of the database without this file has no secrets, and is of no use to accounts with an authenticator app.
    public var sealingKeyPath: String?
    /// The Maildir that mails are delivered into, created when missing.
    public var mailDirectory: String
    /// The mail server that takes the mails; `nil`: they stay in the Maildir.
    public var smtp: SMTPConfiguration?
    /// The certificate and key to serve HTTPS with; `nil`: HTTP.
    public var tls: PortalTLS?
    /// Whether the page `/mail` shows the Maildir; only to this machine itself, when the portal listens on the loopback.
    public var offersMailPage = false
    /// What time it is.
    public var clock: @Sendable () -> Date = { Date() }
    /// What a guess at a password costs.
    public var passwordCost = PasswordCost.standard
    /// The language when neither the page's link nor the browser decides; a browser that asks for others alone gets English.
    public var language = Language.japanese
    /// Whether pages show the manual's step numbers.
    public var showsManualSteps = false
    /// Origins of other domains whose pages may use the portal's passkeys, named at `/.well-known/webauthn`.
    public var relatedOrigins: [String] = []
    /// What attestation new passkeys are asked for.
    public var attestation = AttestationConveyance.none
    /// Which attestation is trusted, and what is known about models.
    public var attestationPolicy = AttestationPolicy()
    /// Who verifies signatures of algorithms that the relying party does not know by itself; they are asked for, too.
    public var verifiers = SignatureVerifiers.none
    /// Where the portal writes what happens; nothing personal is written.
    public var logger = Logger(label: "portal")
    /// Called with the port once the portal listens.
    public var onListening: @Sendable (Int) async -> Void = { _ in }
    /// Called with each page that is shown, and each ceremony that is refused, before the browser has it.
    public var onPage: @Sendable (PageView) -> Void = { _ in }

    /// A configuration with the two places where the portal keeps things; the rest has defaults.
    public init(databasePath: String, mailDirectory: String) {
        self.databasePath = databasePath
        self.mailDirectory = mailDirectory
    }

    /// Whether mails are shown: they stay here, and nobody else reaches the portal, as somebody does through a reverse proxy
    /// (`https` origins without a certificate).
    var showsMailPage: Bool {
        offersMailPage && smtp == nil && NetworkAddress.isLoopback(address)
            && (tls != nil || !origins.contains { $0.lowercased().hasPrefix("https:") })
    }
}

/// The files that HTTPS needs.
public struct PortalTLS: Sendable, Hashable {
    /// The certificate and those that lead from it to an authority, in PEM.
    public var certificatePath: String
    /// Its private key, in PEM.
    public var privateKeyPath: String

    /// Names the files.
    public init(certificatePath: String, privateKeyPath: String) {
        self.certificatePath = certificatePath
        self.privateKeyPath = privateKeyPath
    }

    /// Reads the files and checks that they belong together.
    func load() throws(PortalConfigurationError) -> TLSConfiguration {
        let chain: [NIOSSLCertificate]
        let key: NIOSSLPrivateKey
        do {
            chain = try NIOSSLCertificate.fromPEMFile(certificatePath)
        } catch {
            throw .tls(certificatePath, reason: "it holds no certificate")
        }
        do {
            key = try NIOSSLPrivateKey(file: privateKeyPath, format: .pem)
        } catch {
            throw .tls(privateKeyPath, reason: "it holds no private key")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        // A browser that keeps a connection for later may never answer the good-bye.
        configuration.shutdownTimeout = .seconds(1)
        do {
            _ = try NIOSSLContext(configuration: configuration)
        } catch {
            throw .tls(privateKeyPath, reason: "the key is not that of the certificate")
        }
        return configuration
    }
}
