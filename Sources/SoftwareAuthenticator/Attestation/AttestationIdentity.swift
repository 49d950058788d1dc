import CBOR
public import WebAuthnModel

/// What an authenticator attests with: a P-256 key and a certificate that vouches for the model, or for what else it is for.
///
/// A relying party that is to trust it is given ``rootCertificate``. The root's private key is kept, so that other identities
/// can be issued under the same root.
public struct AttestationIdentity: Equatable, Sendable {
    /// The model that the certificate vouches for.
    public let aaguid: AAGUID
    /// The certificate of its key, DER, as `x5c` carries it.
    public let leafCertificate: [UInt8]
    /// The self-signed certificate that issued it, DER.
    public let rootCertificate: [UInt8]
    let privateKey: CredentialPrivateKey
    /// The root's private key; `nil` in identities that were stored when it was thrown away.
    let rootKey: CredentialPrivateKey?

    init(
        aaguid: AAGUID, leafCertificate: [UInt8], rootCertificate: [UInt8], privateKey: CredentialPrivateKey,
        rootKey: CredentialPrivateKey?
    ) {
        self.aaguid = aaguid
        self.leafCertificate = leafCertificate
        self.rootCertificate = rootCertificate
        self.privateKey = privateKey
        self.rootKey = rootKey
    }
}

extension AttestationIdentity {
    /// The identity with its private keys, for a store to keep sealed: a CBOR map.
    ///
    /// | key | member | type |
    /// |---|---|---|
    /// | 1 | AAGUID | bstr, 16 bytes |
    /// | 2 | private key | bstr, 32 bytes |
    /// | 3 | leaf certificate | bstr |
    /// | 4 | root certificate | bstr |
    /// | 5 | root's private key, if it is there | bstr, 32 bytes |
    public var serialized: SecretBytes {
        var map = CBORMap()
        map[1] = .bytes(aaguid.bytes)
        map[2] = .bytes(privateKey.rawRepresentation.exposeSecret())
        map[3] = .bytes(leafCertificate)
        map[4] = .bytes(rootCertificate)
        if let rootKey { map[5] = .bytes(rootKey.rawRepresentation.exposeSecret()) }
        return SecretBytes(CBOREncoder.encode(.map(map)))
    }

    /// Reads what ``serialized`` wrote.
    public init(serialized: SecretBytes) throws(AttestationIdentityError) {
        do {
            let map = try CBORDecoder.decode(serialized.exposeSecret()).map
            guard let aaguid = map?[1]?.bytes.flatMap({ AAGUID($0) }), let key = map?[2]?.bytes,
                let leaf = map?[3]?.bytes, let root = map?[4]?.bytes
            else { throw AttestationIdentityError.malformed }
            self.init(
                aaguid: aaguid, leafCertificate: leaf, rootCertificate: root,
                privateKey: try CredentialPrivateKey(algorithm: .es256, rawRepresentation: SecretBytes(key)),
                rootKey: try map?[5].map { item in
                    guard let key = item.bytes else { throw AttestationIdentityError.malformed }
                    return try CredentialPrivateKey(algorithm: .es256, rawRepresentation: SecretBytes(key))
                })
        } catch {
            throw .malformed  // a key or CBOR error says no more to the caller: the bytes are not an identity
        }
    }
}

extension AttestationIdentity: CustomStringConvertible {
    /// The model only.
    public var description: String { "attestation identity of model \(aaguid)" }
}

/// Why there is no attestation identity.
public enum AttestationIdentityError: Error, Hashable, Sendable {
    /// The bytes are not a serialised identity.
    case malformed
    /// No other identity can be issued: the root's private key was not kept.
    case noRootKey
    /// The certificates could not be made; the text says why.
    case certificate(String)
}

extension AttestationIdentityError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .malformed: "the stored attestation identity cannot be read; restore the store from a backup"
        case .noRootKey:
            "the stored attestation root is of an earlier version and cannot issue certificates; begin a new store"
        case .certificate(let reason): "the attestation certificate could not be made: \(reason)"
        }
    }
}
