public import CTAP
import Synchronization

/// A store that forgets everything with the process.
///
/// It never waits, so that whoever asks it stays on its thread: an actor would cost two hops for each question.
public final class MemoryCredentialStore: CredentialStore {
    private let credentials: Mutex<MemoryCredentials>

    /// An empty store.
    ///
    /// - Parameters:
    ///   - capacity: how many discoverable credentials it takes.
    ///   - signatureCounter: the count so far.
    public init(capacity: Int = 1000, signatureCounter: UInt32 = 0) {
        credentials = Mutex(MemoryCredentials(capacity: capacity, signatureCounter: signatureCounter))
    }

    /// Keeps a credential in place of the account's earlier one.
    public func save(_ source: CredentialSource) throws(CredentialStoreError) {
        try credentials.withLock { (stored) throws(CredentialStoreError) in try stored.save(source) }
    }

    /// Some credentials of a relying party.
    public func sources(
        relyingPartyID: String, protectedAtMost protection: CredentialProtection, skipping: Int, limit: Int
    ) -> CredentialPage {
        credentials.withLock {
            $0.sources(relyingPartyID: relyingPartyID, protectedAtMost: protection, skipping: skipping, limit: limit)
        }
    }

    /// The relying parties.
    public func relyingPartyIDs() -> [String] { credentials.withLock { $0.relyingPartyIDs() } }

    /// How full it is.
    public func census() -> CredentialCensus { credentials.withLock { $0.census() } }

    /// The credential with an ID.
    public func source(id: [UInt8]) -> CredentialSource? { credentials.withLock { $0.source(id: id) } }

    /// Replaces a credential's names.
    @discardableResult
    public func update(_ source: CredentialSource) -> Bool { credentials.withLock { $0.update(source) } }

    /// Keeps a large blob beside a credential.
    @discardableResult
    public func save(_ blob: LargeBlobData, forCredentialWithID id: [UInt8]) -> Bool {
        credentials.withLock { $0.save(blob, forCredentialWithID: id) }
    }

    /// Forgets a credential.
    @discardableResult
    public func delete(id: [UInt8]) -> Bool { credentials.withLock { $0.delete(id: id) } }

    /// Counts one signature.
    public func nextSignatureCounter() throws(CredentialStoreError) -> UInt32 {
        try credentials.withLock { (stored) throws(CredentialStoreError) in try stored.nextSignatureCounter() }
    }

    /// The wrapping key.
    public func wrappingKey(orStoring candidate: SecretBytes) -> SecretBytes {
        credentials.withLock { $0.wrappingKey(orStoring: candidate) }
    }

    /// The attestation identity.
    public func attestationIdentity(orStoring candidate: AttestationIdentity?) -> AttestationIdentity? {
        credentials.withLock { $0.attestationIdentity(orStoring: candidate) }
    }

    /// The state.
    public func state() -> AuthenticatorState? { credentials.withLock { $0.state() } }

    /// State and census.
    public func glance() -> CredentialStoreGlance? {
        credentials.withLock { stored in
            stored.state().map { CredentialStoreGlance(state: $0, census: stored.census()) }
        }
    }

    /// Changes the state.
    @discardableResult
    public func updateState(
        orBeginningWith new: AuthenticatorState,
        _ change: @escaping @Sendable (inout AuthenticatorState) throws -> Void
    ) throws -> AuthenticatorState {
        try credentials.withLock { try $0.updateState(orBeginningWith: new, change) }
    }

    /// The large blobs.
    public func largeBlobArray() -> [UInt8]? { credentials.withLock { $0.largeBlobArray() } }

    /// Keeps the large blobs.
    public func save(largeBlobArray: [UInt8]) { credentials.withLock { $0.save(largeBlobArray: largeBlobArray) } }

    /// Forgets all credentials.
    public func reset(wrappingKey: SecretBytes, state: AuthenticatorState) {
        credentials.withLock { $0.reset(wrappingKey: wrappingKey, state: state) }
    }
}
