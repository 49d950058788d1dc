import FoundationEssentials
import NIOSSL
import RelyingParty

/// What every page needs.
struct PortalCore: Sendable {
    let configuration: PortalConfiguration
    let database: PortalDatabase
    let passwords: PasswordHasher
    let secrets = SessionSecrets()
    let sealing: SealingKey
    let mail: any MailTransport
    let outbox: Outbox
    /// The folder that mails go to, unless a server takes them.
    let maildir: Maildir?
    /// What the server needs for TLS; `nil` for plain HTTP.
    let tls: TLSConfiguration?
    let renderer: PageRenderer
    let origins: PortalOrigins
    let sender: MailAddress

    init(configuration: PortalConfiguration) throws {
        self.configuration = configuration
        origins = PortalOrigins(
            configured: configuration.origins, relyingPartyID: configuration.relyingPartyID,
            isSecure: configuration.tls != nil)
        database = try PortalDatabase(path: configuration.databasePath)
        passwords = PasswordHasher(cost: configuration.passwordCost)
        sealing = try SealingKey(
            path: configuration.sealingKeyPath ?? configuration.databasePath + ".key", of: database)
        if let smtp = configuration.smtp {
            maildir = nil
            mail = try SMTPClient(configuration: smtp, name: configuration.relyingPartyID)
        } else {
            let folder = try Maildir(path: configuration.mailDirectory)
            maildir = folder
            mail = folder
        }
        tls = try configuration.tls?.load()
        renderer = try PageRenderer(
            siteName: configuration.name, showsManualSteps: configuration.showsManualSteps,
            hasMailPage: configuration.showsMailPage)
        guard let sender = MailAddress("no-reply@\(configuration.relyingPartyID)") else {
            throw PortalConfigurationError.relyingPartyID(configuration.relyingPartyID)
        }
        self.sender = sender
        outbox = Outbox(
            database: database, transport: mail, senderName: configuration.name, sender: sender,
            clock: configuration.clock, logger: configuration.logger)
        _ = try relyingParty()
    }

    /// Whether there is a page that shows mails.
    var offersMailPage: Bool { configuration.showsMailPage }

    /// The moment.
    var now: Date { configuration.clock() }

    /// The relying party, once the origins are known.
    func relyingParty() throws -> WebAuthnRelyingParty {
        try WebAuthnRelyingParty(
            id: configuration.relyingPartyID, name: configuration.name, origins: Set(origins.all),
            relatedOrigins: Set(configuration.relatedOrigins), verifiers: configuration.verifiers,
            attestation: configuration.attestation,
            attestationPolicy: configuration.attestationPolicy)
    }
}

/// Why a portal cannot be configured so.
public enum PortalConfigurationError: Error, Hashable, Sendable {
    /// The RP ID is not a domain.
    case relyingPartyID(String)
    /// The database's file cannot be made; the reason is the system's.
    case databasePath(String, reason: String)
    /// The database's file is damaged, or something else.
    case databaseDamaged(String)
    /// The certificate authorities for the mail server cannot be read.
    case mailTrustRoots(String, reason: String)
    /// The certificate or the private key cannot be used.
    case tls(String, reason: String)
    /// The file of the key that seals secrets cannot be read or made.
    case sealingKey(String, reason: String)
    /// Others may read the file of the key that seals secrets; the mode is the octal number that `chmod` takes.
    case sealingKeyMode(String, mode: String)
    /// The file of the key is missing, and the database has secrets that were sealed with it.
    case sealingKeyMissing(String)
    /// The file holds another key than the one that the secrets of the database were sealed with.
    case sealingKeyForeign(String)
}

extension PortalConfigurationError: CustomStringConvertible {
    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .relyingPartyID(let id): "the RP ID \(id) is not a domain; use one like portal.example, or localhost"
        case .databasePath(let path, let reason):
            "cannot make the database \(path): \(reason); name a file in a folder that exists and that you may write to"
        case .databaseDamaged(let path):
            "\(path) is damaged or is no portal's database; put back a backup of it, or move it away to start without accounts"
        case .mailTrustRoots(let path, let reason): "cannot trust \(path): \(reason)"
        case .tls(let path, let reason): "cannot use \(path) for TLS: \(reason); name a file in PEM"
        case .sealingKey(let path, let reason):
            "cannot use the key file \(path): \(reason); put back the file that belongs to the database"
        case .sealingKeyMode(let path, let mode):
            "others may read the key file \(path) (mode \(mode)); chmod 600 it, and think of who has read it"
        case .sealingKeyMissing(let path):
            "the key file \(path) is missing, and secrets of the database are sealed with it; "
                + PortalConfigurationError.sealingKeyRemedy
        case .sealingKeyForeign(let path):
            "the key file \(path) is not the one that secrets of the database are sealed with; "
                + PortalConfigurationError.sealingKeyRemedy
        }
    }

    private static let sealingKeyRemedy =
        "put it back, or, if it is lost for good, reset each account that `aikagi portal users list` shows with totp, and start again"
}
