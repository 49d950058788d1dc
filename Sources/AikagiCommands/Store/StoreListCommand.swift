import ArgumentParser
import CredentialStorage
import SoftwareAuthenticator
import WebAuthnModel

/// `aikagi store list`.
struct StoreListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the discoverable credentials of a store, oldest first; no secrets.",
        discussion: """
            Credentials that are not discoverable are not in the store, but in the hands of their relying parties.

            Examples:
              aikagi store list my-key.sqlite
              aikagi store list my-key.sqlite --json
              aikagi store list my-key.sqlite --rp-id example.com
            """)

    @OptionGroup var store: StoreOptions

    @Option(help: ArgumentHelp("Only those of one relying party.", valueName: "id"))
    var rpID: String?

    @Flag(help: "Print each as a JSON object on a line.")
    var json = false

    func run() async throws {
        try await runInterruptibly(json: json) {
            let store = try await store.access.openExisting()
            let all = try await store.credentials()
            for source in all where rpID.map({ source.isScoped(to: $0) }) ?? true {
                let line = CredentialLine(source)
                if json { Console.standard.json(line) } else { Console.standard.result(line.text) }
            }
        }
    }
}

/// A credential without its secrets, as `aikagi store list` shows it.
private struct CredentialLine: Encodable {
    let id: Base64URLString
    let rpId: String
    let userHandle: Base64URLString
    let userName: String?
    let userDisplayName: String?
    let algorithm: Int
    let protection: UInt8

    /// For people.
    let text: String

    private enum CodingKeys: CodingKey {
        case id, rpId, userHandle, userName, userDisplayName, algorithm, protection
    }

    init(_ source: CredentialSource) {
        id = Base64URLString(source.id)
        rpId = source.relyingPartyID
        userHandle = Base64URLString(source.userHandle)
        (userName, userDisplayName) = (source.userName, source.userDisplayName)
        algorithm = source.algorithm.rawValue
        protection = source.properties.protection.rawValue
        let user = userName ?? userDisplayName ?? "(no name)"
        text = "\(rpId)  \(user)  \(source.algorithm)  \(Base64URL.encode(source.id))"
    }
}
