public import CTAP

/// Where an authenticator keeps its discoverable credentials, its state, its wrapping key and its signature counter.
///
/// A call that returns has made its change durable: an authenticator answers its platform only afterwards. What is remembered is
/// answered on the caller's actor: to leave it and come back costs more than most answers.
public protocol CredentialStore: Sendable {
    /// Keeps a new discoverable credential, as the newest one.
    ///
    /// In the same step it replaces an earlier one of the same RP ID and user handle (CTAP 2.3 §6.1.2 step 16).
    ///
    /// - Throws: ``CredentialStoreError/full`` when there is no room for one more.
    nonisolated(nonsending) func save(_ source: CredentialSource) async throws(CredentialStoreError)

    /// Keeps a new discoverable credential as ``save(_:)`` does, and does something meanwhile that must succeed as well.
    ///
    /// - Parameter work: what is done on the caller's actor; it must not ask the store.
    /// - Returns: what it returns.
    /// - Throws: What it throws, and then nothing has changed; or ``CredentialStoreError``.
    nonisolated(nonsending) func save<Value>(
        _ source: CredentialSource, while work: () throws -> Value
    ) async throws -> Value

    /// Some credentials of a relying party, newest first, at a cost that does not grow with those that are left out.
    ///
    /// - Parameters:
    ///   - protection: the strictest protection of those that count.
    ///   - skipping: how many of them to leave out at the beginning.
    ///   - limit: how many to return at most.
    nonisolated(nonsending) func sources(
        relyingPartyID: String, protectedAtMost protection: CredentialProtection, skipping: Int, limit: Int
    ) async throws(CredentialStoreError) -> CredentialPage

    /// The relying parties that have credentials here, in the order of their oldest ones.
    nonisolated(nonsending) func relyingPartyIDs() async throws(CredentialStoreError) -> [String]

    /// How full it is.
    nonisolated(nonsending) func census() async throws(CredentialStoreError) -> CredentialCensus

    /// What was stored last; `nil` in a new store.
    nonisolated(nonsending) func state() async throws(CredentialStoreError) -> AuthenticatorState?

    /// State and census, if both can be told without waiting for anything; `nil` says nothing about whether there are any.
    func glance() -> CredentialStoreGlance?

    /// Changes the state in one step, so that of several users of a store none undoes what another has changed.
    ///
    /// - Parameters:
    ///   - new: the state to begin with where there is none yet.
    ///   - change: what to do; if it throws, nothing is changed.
    /// - Returns: the state that is stored now.
    @discardableResult
    nonisolated(nonsending) func updateState(
        orBeginningWith new: AuthenticatorState,
        _ change: @escaping @Sendable (inout AuthenticatorState) throws -> Void
    ) async throws -> AuthenticatorState

    /// The serialised array of large blobs; `nil` when none was stored since the last reset.
    nonisolated(nonsending) func largeBlobArray() async throws(CredentialStoreError) -> [UInt8]?

    /// Stores the array in place of the earlier one.
    nonisolated(nonsending) func save(largeBlobArray: [UInt8]) async throws(CredentialStoreError)

    /// The credential with an ID, if there is one.
    nonisolated(nonsending) func source(id: [UInt8]) async throws(CredentialStoreError) -> CredentialSource?

    /// Replaces the names in the credential with the same ID; its place in the order stays.
    ///
    /// - Returns: whether there was such a credential.
    @discardableResult
    nonisolated(nonsending) func update(_ source: CredentialSource) async throws(CredentialStoreError) -> Bool

    /// Keeps a large blob beside the credential with an ID, in place of its earlier one.
    ///
    /// - Returns: whether there was such a credential.
    @discardableResult
    nonisolated(nonsending) func save(
        _ blob: LargeBlobData, forCredentialWithID id: [UInt8]
    ) async throws(CredentialStoreError) -> Bool

    /// Forgets a credential.
    ///
    /// - Returns: whether there was such a credential.
    @discardableResult
    nonisolated(nonsending) func delete(id: [UInt8]) async throws(CredentialStoreError) -> Bool

    /// Counts one signature and returns the new count, which no earlier call has returned, not even before a crash.
    ///
    /// There is one counter for all credentials, wrapped ones included (WebAuthn Level 3 §6.1.1 allows it).
    nonisolated(nonsending) func nextSignatureCounter() async throws(CredentialStoreError) -> UInt32

    /// The key that credentials which are not discoverable are wrapped under: the stored one, or, if there is none yet,
    /// `candidate`, which is then stored.
    nonisolated(nonsending) func wrappingKey(orStoring candidate: SecretBytes) async throws(CredentialStoreError)
        -> SecretBytes

    /// The attestation identity: the stored one, or, if there is none yet, `candidate`, which is then stored.
    ///
    /// - Returns: `nil` when nothing is stored and there is no candidate.
    nonisolated(nonsending) func attestationIdentity(
        orStoring candidate: AttestationIdentity?
    ) async throws(CredentialStoreError) -> AttestationIdentity?

    /// Forgets all credentials and the large blobs, and replaces wrapping key and state, in one step (CTAP 2.3 §6.6).
    ///
    /// The attestation identity stays, and the signature counter goes on.
    nonisolated(nonsending) func reset(wrappingKey: SecretBytes, state: AuthenticatorState)
        async throws(CredentialStoreError)
}

extension CredentialStore {
    /// Does the one after the other: for a store that has not to wait for a disk.
    public nonisolated(nonsending) func save<Value>(
        _ source: CredentialSource, while work: () throws -> Value
    ) async throws -> Value {
        let value = try work()
        try await save(source)
        return value
    }
}

/// Some of a relying party's credentials.
public struct CredentialPage: Sendable {
    /// How many there are in all.
    public var total: Int
    /// Those that were asked for, newest first.
    public var sources: [CredentialSource]

    /// Puts the parts together.
    public init(total: Int, sources: [CredentialSource]) {
        self.total = total
        self.sources = sources
    }
}

/// How full a store is.
public struct CredentialCensus: Hashable, Sendable {
    /// How many discoverable credentials there are.
    public var count: Int
    /// How many there may be.
    public var capacity: Int
    /// Grows whenever a credential comes, goes or changes.
    public var changeCount: UInt64

    /// Puts the parts together.
    public init(count: Int, capacity: Int, changeCount: UInt64) {
        self.count = count
        self.capacity = capacity
        self.changeCount = changeCount
    }
}

/// What a store knows at once.
public struct CredentialStoreGlance: Sendable {
    /// What was stored last.
    public let state: AuthenticatorState
    /// How full it is.
    public let census: CredentialCensus

    /// Puts the parts together.
    public init(state: AuthenticatorState, census: CredentialCensus) {
        self.state = state
        self.census = census
    }
}

extension CredentialStore {
    /// Knows nothing at once.
    public func glance() -> CredentialStoreGlance? { nil }

    /// All credentials of a relying party, newest first.
    public func sources(relyingPartyID: String) async throws(CredentialStoreError) -> [CredentialSource] {
        try await sources(
            relyingPartyID: relyingPartyID, protectedAtMost: .userVerificationRequired, skipping: 0, limit: .max
        ).sources
    }
}

/// Why a store did not do what it was asked to.
public enum CredentialStoreError: Error, Hashable, Sendable {
    /// There is no room for another discoverable credential.
    case full
    /// The signature counter has reached its end, 2³² − 1.
    case signatureCounterExhausted
    /// The store does not work; the text says why.
    case unavailable(String)
}

extension CredentialStoreError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .full: "the credential store is full; delete a credential first"
        case .signatureCounterExhausted: "the signature counter has reached its end; start with a new store"
        case .unavailable(let reason): "the credential store cannot be used: \(reason)"
        }
    }
}
