/// A store that forgets everything with the process.
public actor MemoryCredentialStore: CredentialStore {
    private let capacity: Int
    // Oldest first.
    private var sources: [CredentialSource] = []
    private var signatureCounter: UInt32
    private var wrappingKey: SecretBytes?
    private var attestationIdentity: AttestationIdentity?

    /// An empty store.
    ///
    /// - Parameters:
    ///   - capacity: how many discoverable credentials it takes.
    ///   - signatureCounter: the count so far.
    public init(capacity: Int = 1000, signatureCounter: UInt32 = 0) {
        self.capacity = capacity
        self.signatureCounter = signatureCounter
    }

    /// Keeps a credential in place of the account's earlier one.
    public func save(_ source: CredentialSource) throws(CredentialStoreError) {
        let others = sources.filter {
            $0.id != source.id
                && !($0.isScoped(to: source.relyingPartyID) && $0.userHandle == source.userHandle)
        }
        guard others.count < capacity else { throw .full }
        sources = others + [source]
    }

    /// The credentials of a relying party, newest first.
    public func sources(relyingPartyID: String) -> [CredentialSource] {
        sources.reversed().filter { $0.isScoped(to: relyingPartyID) }
    }

    /// The credential with an ID.
    public func source(id: [UInt8]) -> CredentialSource? { sources.first { $0.id == id } }

    /// Replaces a credential's names.
    @discardableResult
    public func update(_ source: CredentialSource) -> Bool {
        guard let index = sources.firstIndex(where: { $0.id == source.id }) else { return false }
        sources[index].userName = source.userName
        sources[index].userDisplayName = source.userDisplayName
        return true
    }

    /// Forgets a credential.
    @discardableResult
    public func delete(id: [UInt8]) -> Bool {
        let count = sources.count
        sources.removeAll { $0.id == id }
        return sources.count < count
    }

    /// Counts one signature.
    public func nextSignatureCounter() throws(CredentialStoreError) -> UInt32 {
        guard signatureCounter < .max else { throw .signatureCounterExhausted }
        signatureCounter += 1
        return signatureCounter
    }

    /// The wrapping key.
    public func wrappingKey(orStoring candidate: SecretBytes) -> SecretBytes {
        let key = wrappingKey ?? candidate
        wrappingKey = key
        return key
    }

    /// The attestation identity.
    public func attestationIdentity(orStoring candidate: AttestationIdentity?) -> AttestationIdentity? {
        attestationIdentity = attestationIdentity ?? candidate
        return attestationIdentity
    }

    /// Forgets all credentials.
    public func reset(wrappingKey: SecretBytes) {
        sources = []
        self.wrappingKey = wrappingKey
    }
}
