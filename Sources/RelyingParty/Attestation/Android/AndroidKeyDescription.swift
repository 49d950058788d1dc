import SwiftASN1

/// The part of Android's key description that WebAuthn looks at (Android Keystore, certificate extension schema).
///
///     KeyDescription ::= SEQUENCE {
///         attestationVersion INTEGER, attestationSecurityLevel ENUMERATED,
///         keyMintVersion INTEGER, keyMintSecurityLevel ENUMERATED,
///         attestationChallenge OCTET STRING, uniqueId OCTET STRING,
///         softwareEnforced AuthorizationList, hardwareEnforced AuthorizationList }
///     AuthorizationList ::= SEQUENCE { purpose [1] EXPLICIT SET OF INTEGER OPTIONAL, …
///         allApplications [600] EXPLICIT NULL OPTIONAL, … origin [702] EXPLICIT INTEGER OPTIONAL, … }
struct AndroidKeyDescription {
    /// What a list says about the key.
    struct AuthorizationList {
        var purposes: [Int] = []
        var allApplications = false
        var origin: Int?
    }

    let attestationChallenge: [UInt8]
    let softwareEnforced: AuthorizationList
    let teeEnforced: AuthorizationList

    static let oid: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 11129, 2, 1, 17]
    /// KM_ORIGIN_GENERATED.
    static let originGenerated = 0
    /// KM_PURPOSE_SIGN.
    static let purposeSign = 2

    /// Reads DER; `nil` unless it is a key description.
    init?(_ der: ArraySlice<UInt8>) {
        do {
            self = try DER.sequence(DER.parse(der), identifier: .sequence) { nodes in
                _ = try Int(derEncoded: &nodes)
                try Self.skipEnumerated(&nodes)
                _ = try Int(derEncoded: &nodes)
                try Self.skipEnumerated(&nodes)
                let challenge = try ASN1OctetString(derEncoded: &nodes)
                _ = try ASN1OctetString(derEncoded: &nodes)
                let software = try Self.authorizationList(&nodes)
                let tee = try Self.authorizationList(&nodes)
                return Self(
                    attestationChallenge: Array(challenge.bytes), softwareEnforced: software, teeEnforced: tee)
            }
        } catch {
            return nil
        }
    }

    private init(
        attestationChallenge: [UInt8], softwareEnforced: AuthorizationList, teeEnforced: AuthorizationList
    ) {
        self.attestationChallenge = attestationChallenge
        self.softwareEnforced = softwareEnforced
        self.teeEnforced = teeEnforced
    }

    private static func skipEnumerated(_ nodes: inout ASN1NodeCollection.Iterator) throws {
        guard let node = nodes.next(), node.identifier == .enumerated else {
            throw ASN1Error.unexpectedFieldType(.enumerated)
        }
    }

    private static func authorizationList(_ nodes: inout ASN1NodeCollection.Iterator) throws -> AuthorizationList {
        guard let node = nodes.next() else { throw ASN1Error.unexpectedFieldType(.sequence) }
        return try DER.sequence(node, identifier: .sequence) { nodes in
            var list = AuthorizationList()
            while let node = nodes.next() {
                guard node.identifier.tagClass == .contextSpecific, case .constructed(let content) = node.content
                else { throw ASN1Error.unexpectedFieldType(node.identifier) }
                switch node.identifier.tagNumber {
                case 1:
                    list.purposes = try content.flatMap { try DER.set(of: Int.self, identifier: .set, rootNode: $0) }
                case 600:
                    list.allApplications = true
                case 702:
                    var items = content.makeIterator()
                    list.origin = try Int(derEncoded: &items)
                default:
                    break
                }
            }
            return list
        }
    }
}
