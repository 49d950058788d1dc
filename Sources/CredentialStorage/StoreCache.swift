import SoftwareAuthenticator

/// What is remembered of a store, so that most questions need no statement and no key is loaded twice.
///
/// It is good as long as nobody else writes into the database, which SQLite's `data_version` tells, and it is bounded: a large
/// store is not held in memory.
struct StoreCache {
    /// Where a credential of a relying party is.
    struct Place: Sendable {
        let position: Int64
        let protection: CredentialProtection
    }

    private static let maximumSourceCount = 256
    private static let maximumPlaceCount = 16_384

    /// The state; known to be none yet, or not known.
    var state: AuthenticatorState??
    /// Single values that are stored.
    var settings: [SettingTable.Name: SecretBytes] = [:]
    /// How many credentials there are, and a number that grows whenever they change.
    var census: (count: Int, changeCount: UInt64)?
    /// The last signature counter that is reserved on disk.
    var reservedCounter: UInt32?
    private var dataVersion: Int64?
    /// The credentials of relying parties, by the bytes of their IDs, oldest first.
    private var places: [[UInt8]: [Place]] = [:]
    private var placeCount = 0
    private var sources: [Int64: CredentialSource] = [:]
    /// The positions of credentials by their IDs; `nil` for an ID that there is not.
    private var positions: [[UInt8]: Int64?] = [:]

    /// Takes notice of the version of the data; of another one nothing is known.
    mutating func validate(_ version: Int64) {
        guard version != dataVersion else { return }
        self = StoreCache()
        dataVersion = version
    }

    /// The credentials of a relying party, if they are known.
    func places(_ relyingPartyID: String) -> [Place]? { places[Array(relyingPartyID.utf8)] }

    /// The credential at a position, if it is known.
    func source(at position: Int64) -> CredentialSource? { sources[position] }

    /// The position of the credential with an ID, if it is known; `.some(nil)` when there is known to be none.
    func position(id: [UInt8]) -> Int64?? { positions[id] }

    /// Remembers where a relying party's credentials are.
    mutating func remember(_ found: [Place], of relyingPartyID: String) {
        if placeCount + found.count > StoreCache.maximumPlaceCount { (places, placeCount) = ([:], 0) }
        places[Array(relyingPartyID.utf8)] = found
        placeCount += found.count
    }

    /// Remembers the position of an ID.
    mutating func remember(_ position: Int64?, id: [UInt8]) {
        if positions.count >= StoreCache.maximumSourceCount { positions = [:] }
        positions.updateValue(position, forKey: id)
    }

    /// Remembers a credential.
    mutating func remember(_ source: CredentialSource, at position: Int64) {
        if sources.count >= StoreCache.maximumSourceCount { sources = [:] }
        sources[position] = source
        remember(position, id: source.id)
    }

    /// Takes notice of a new credential, which is the newest.
    mutating func add(_ source: CredentialSource, at position: Int64) {
        remember(source, at: position)
        let relyingPartyID = Array(source.relyingPartyID.utf8)
        // Where none are known, the others are still to be looked up.
        if places[relyingPartyID] != nil {
            places[relyingPartyID]?.append(Place(position: position, protection: source.properties.protection))
            placeCount += 1
        }
        if let known = census { census = (known.count + 1, known.changeCount + 1) }
    }

    /// Forgets all credentials: some have changed or gone.
    mutating func forgetCredentials() {
        (places, placeCount, sources, positions, census) = ([:], 0, [:], [:], nil)
    }
}
