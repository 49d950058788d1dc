import CTAP

/// What a ``MemoryCredentialStore`` holds.
struct MemoryCredentials {
    /// An RP ID byte for byte: texts are equal when they are canonically equivalent, whose hashes nevertheless differ.
    private struct RelyingParty: Hashable {
        let bytes: [UInt8]

        init(_ id: String) { bytes = Array(id.utf8) }
    }

    /// A relying party's credentials, oldest first.
    private struct Shelf {
        let relyingPartyID: String
        /// The order in which relying parties came.
        let position: UInt64
        var ids: [[UInt8]] = []
        /// How many there are of each protection.
        var counts: [CredentialProtection: Int] = [:]
    }

    private let capacity: Int
    private var sources: [[UInt8]: CredentialSource] = [:]
    private var shelves: [RelyingParty: Shelf] = [:]
    private var changeCount: UInt64 = 0
    private var signatureCounter: UInt32
    private var wrappingKey: SecretBytes?
    private var attestationIdentity: AttestationIdentity?
    private var storedState: AuthenticatorState?
    private var blobs: [UInt8]?

    init(capacity: Int, signatureCounter: UInt32) {
        self.capacity = capacity
        self.signatureCounter = signatureCounter
    }

    /// Keeps a credential in place of the account's earlier one.
    mutating func save(_ source: CredentialSource) throws(CredentialStoreError) {
        let shelf = shelves[RelyingParty(source.relyingPartyID)]
        let earlier = shelf?.ids.first { sources[$0]?.userHandle == source.userHandle } ?? source.id
        guard sources.count - (sources[earlier] == nil ? 0 : 1) < capacity else { throw .full }
        delete(id: earlier)
        delete(id: source.id)
        changeCount += 1
        sources[source.id] = source
        var current =
            shelves[RelyingParty(source.relyingPartyID)]
            ?? Shelf(relyingPartyID: source.relyingPartyID, position: changeCount)
        current.ids.append(source.id)
        current.counts[source.properties.protection, default: 0] += 1
        shelves[RelyingParty(source.relyingPartyID)] = current
    }

    /// Some credentials of a relying party.
    func sources(
        relyingPartyID: String, protectedAtMost protection: CredentialProtection, skipping: Int, limit: Int
    ) -> CredentialPage {
        guard let shelf = shelves[RelyingParty(relyingPartyID)] else { return CredentialPage(total: 0, sources: []) }
        let total = shelf.counts.reduce(0) { $0 + ($1.key <= protection ? $1.value : 0) }
        guard total < shelf.ids.count else {
            return CredentialPage(
                total: total, sources: shelf.ids.reversed().dropFirst(skipping).prefix(limit).compactMap { sources[$0] }
            )
        }
        let fitting = shelf.ids.reversed().lazy.compactMap { self.sources[$0] }
            .filter { $0.properties.protection <= protection }
        return CredentialPage(total: total, sources: Array(fitting.dropFirst(skipping).prefix(limit)))
    }

    /// The relying parties.
    func relyingPartyIDs() -> [String] {
        shelves.values.sorted { $0.position < $1.position }.map(\.relyingPartyID)
    }

    /// How full it is.
    func census() -> CredentialCensus {
        CredentialCensus(count: sources.count, capacity: capacity, changeCount: changeCount)
    }

    /// The credential with an ID.
    func source(id: [UInt8]) -> CredentialSource? { sources[id] }

    /// Replaces a credential's names.
    @discardableResult
    mutating func update(_ source: CredentialSource) -> Bool {
        guard var stored = sources[source.id] else { return false }
        stored.userName = source.userName
        stored.userDisplayName = source.userDisplayName
        sources[source.id] = stored
        changeCount += 1
        return true
    }

    /// Keeps a large blob beside a credential.
    @discardableResult
    mutating func save(_ blob: LargeBlobData, forCredentialWithID id: [UInt8]) -> Bool {
        guard sources[id] != nil else { return false }
        sources[id]?.properties.largeBlob = blob
        changeCount += 1
        return true
    }

    /// Forgets a credential.
    @discardableResult
    mutating func delete(id: [UInt8]) -> Bool {
        guard let source = sources.removeValue(forKey: id) else { return false }
        let relyingParty = RelyingParty(source.relyingPartyID)
        shelves[relyingParty]?.ids.removeAll { $0 == id }
        shelves[relyingParty]?.counts[source.properties.protection, default: 0] -= 1
        if shelves[relyingParty]?.ids.isEmpty ?? false { shelves[relyingParty] = nil }
        changeCount += 1
        return true
    }

    /// Counts one signature.
    mutating func nextSignatureCounter() throws(CredentialStoreError) -> UInt32 {
        guard signatureCounter < .max else { throw .signatureCounterExhausted }
        signatureCounter += 1
        return signatureCounter
    }

    /// The wrapping key.
    mutating func wrappingKey(orStoring candidate: SecretBytes) -> SecretBytes {
        let key = wrappingKey ?? candidate
        wrappingKey = key
        return key
    }

    /// The attestation identity.
    mutating func attestationIdentity(orStoring candidate: AttestationIdentity?) -> AttestationIdentity? {
        attestationIdentity = attestationIdentity ?? candidate
        return attestationIdentity
    }

    /// The state.
    func state() -> AuthenticatorState? { storedState }

    /// Changes the state.
    @discardableResult
    mutating func updateState(
        orBeginningWith new: AuthenticatorState,
        _ change: (inout AuthenticatorState) throws -> Void
    ) throws -> AuthenticatorState {
        var state = storedState ?? new
        try change(&state)
        storedState = state
        return state
    }

    /// The large blobs.
    func largeBlobArray() -> [UInt8]? { blobs }

    /// Keeps the large blobs.
    mutating func save(largeBlobArray: [UInt8]) { blobs = largeBlobArray }

    /// Forgets all credentials.
    mutating func reset(wrappingKey: SecretBytes, state: AuthenticatorState) {
        (sources, shelves, blobs) = ([:], [:], nil)
        changeCount += 1
        self.wrappingKey = wrappingKey
        storedState = state
    }
}
