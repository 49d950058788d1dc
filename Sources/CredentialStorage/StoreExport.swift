import CTAP
import Foundation
public import SoftwareAuthenticator
import WebAuthnModel

/// What a store hands over to another: its discoverable credentials, the key of those that are not, and how far it has counted.
///
/// PIN, fingers, settings, the array of large blobs and the attestation identity are the device's own, and stay.
public struct StoreExport: Equatable, Sendable {
    /// The discoverable credentials, oldest first.
    public var credentials: [CredentialSource]
    /// The key that credentials which are not discoverable are wrapped under, 32 bytes, if any was ever made.
    public var wrappingKey: SecretBytes?
    /// A signature counter that is not below any that was given out.
    public var signatureCounter: UInt32

    /// Puts the parts together.
    public init(credentials: [CredentialSource], wrappingKey: SecretBytes?, signatureCounter: UInt32) {
        self.credentials = credentials
        self.wrappingKey = wrappingKey
        self.signatureCounter = signatureCounter
    }

    /// The longest credential ID in bytes (WebAuthn Level 3 §5.1.1), user handle (§5.4.3), name and credBlob (CTAP 2.3 §12.2).
    private static let maximum = (id: 1023, relyingPartyID: 1023, userHandle: 64, name: 512, blob: 64, largeBlob: 4096)

    private static let version = 1

    /// The form in JSON.
    private struct Document: Codable {
        struct Credential: Codable {
            let id: Base64URLString
            let rpId: String
            let algorithm: Int
            let secrets: CredentialSecrets
        }

        let version: Int
        let credentials: [Credential]
        let wrappingKey: Base64URLString?
        let signatureCounter: UInt32
    }

    /// The whole as JSON in UTF-8, to be sealed.
    ///
    ///     {"version": 1, "signatureCounter": 512, "wrappingKey": base64url,
    ///      "credentials": [{"id": base64url, "rpId": text, "algorithm": COSE, "secrets": {…}}]}
    ///
    /// `secrets` has `privateKey`, `userHandle`, `userName`, `userDisplayName`, `blob`, `largeBlobKey`,
    /// `largeBlob`, `isThirdPartyPaymentEnabled` and `protection` (see `docs/store.md`).
    public func encoded() throws -> SecretBytes {
        let document = Document(
            version: StoreExport.version,
            credentials: credentials.map { source in
                Document.Credential(
                    id: Base64URLString(source.id), rpId: source.relyingPartyID, algorithm: source.algorithm.rawValue,
                    secrets: CredentialSecrets(source))
            }, wrappingKey: wrappingKey.map { Base64URLString($0.exposeSecret()) }, signatureCounter: signatureCounter)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return SecretBytes(try encoder.encode(document))
    }

    /// Reads what ``encoded()`` wrote.
    ///
    /// - Parameter supplement: who loads keys of the algorithms that module SoftwareAuthenticator lacks.
    /// - Throws: ``StoreExportError`` for anything that no store holds: an empty ID, one that occurs twice, two credentials of an
    ///   account, a length out of bounds, a key that is none.
    public init(
        decoding bytes: SecretBytes, supplement: SupplementaryAlgorithms = .none
    ) throws(StoreExportError) {
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(bytes.exposeSecret()))
        } catch {
            throw .malformed
        }
        guard document.version == StoreExport.version else { throw .unknownVersion(document.version) }
        wrappingKey = document.wrappingKey.map { SecretBytes($0.bytes) }
        guard wrappingKey?.count ?? 32 == 32 else { throw .wrappingKey }
        signatureCounter = document.signatureCounter
        credentials = []
        var ids: Set<[UInt8]> = []
        var accounts: Set<[[UInt8]]> = []
        for (index, credential) in document.credentials.enumerated() {
            let source: CredentialSource
            do {
                source = try credential.secrets.source(
                    id: credential.id.bytes, relyingPartyID: credential.rpId, algorithm: credential.algorithm,
                    supplement: supplement)
            } catch {
                throw .credential(number: index + 1, reason: "\(error)")
            }
            if let flaw = StoreExport.flaw(in: source) { throw .credential(number: index + 1, reason: flaw) }
            guard ids.insert(source.id).inserted else {
                throw .credential(number: index + 1, reason: "its ID occurs twice")
            }
            guard accounts.insert([Array(source.relyingPartyID.utf8), source.userHandle]).inserted else {
                throw .credential(number: index + 1, reason: "its account occurs twice")
            }
            credentials.append(source)
        }
    }

    /// What is wrong with a credential that no authenticator would have made.
    private static func flaw(in source: CredentialSource) -> String? {
        if source.id.isEmpty { return "its ID is empty" }
        if source.id.count > maximum.id { return "its ID is too long" }
        if source.relyingPartyID.utf8.count > maximum.relyingPartyID { return "its relying party's ID is too long" }
        if source.userHandle.count > maximum.userHandle { return "its user handle is longer than 64 bytes" }
        for name in [source.userName, source.userDisplayName] where name?.utf8.count ?? 0 > maximum.name {
            return "a name is too long"
        }
        if source.properties.blob?.count ?? 0 > maximum.blob { return "its blob is too long" }
        if source.properties.largeBlob?.compressed.count ?? 0 > maximum.largeBlob {
            return "its large blob is too long"
        }
        if source.properties.largeBlobKey?.count ?? 32 != 32 { return "its key for large blobs has not 32 bytes" }
        return nil
    }
}

extension StoreExport: CustomStringConvertible, CustomReflectable {
    /// The number of credentials only.
    public var description: String { "export of \(credentials.count) credentials" }
    /// No children, so that dumping a value that holds this one shows nothing either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why bytes are no export.
public enum StoreExportError: Error, Hashable, Sendable {
    /// They are not the JSON that an export is.
    case malformed
    /// The export was written by another version of the program.
    case unknownVersion(Int)
    /// The wrapping key has not 32 bytes.
    case wrappingKey
    /// A credential, counted from one, is none; the text says why.
    case credential(number: Int, reason: String)
}

extension StoreExportError: CustomStringConvertible {
    /// A sentence that tells what to do.
    public var description: String {
        switch self {
        case .malformed: "this is no export of a store; make it anew with aikagi store export"
        case .unknownVersion(let version):
            "the export has version \(version); a newer version of this program may read it"
        case .wrappingKey: "the export's wrapping key has not 32 bytes; make the export anew"
        case .credential(let number, let reason):
            "credential \(number) of the export is not one: \(reason); make the export anew"
        }
    }
}
