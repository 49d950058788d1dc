import CTAP
import SoftwareAuthenticator
import Synchronization

/// A store during whose answer to one question something else happens.
final class InterruptedStore: CredentialStore {
    private let store: MemoryCredentialStore
    private let interruption = Mutex<(@Sendable () async -> Void)?>(nil)

    init(_ store: MemoryCredentialStore) { self.store = store }

    /// Sets what happens while the relying parties are asked for next.
    func interruptNext(_ interruption: @escaping @Sendable () async -> Void) {
        self.interruption.withLock { $0 = interruption }
    }

    func relyingPartyIDs() async -> [String] {
        let interruption = interruption.withLock { interruption in
            defer { interruption = nil }
            return interruption
        }
        await interruption?()
        return store.relyingPartyIDs()
    }

    func save(_ source: CredentialSource) throws(CredentialStoreError) { try store.save(source) }
    func sources(
        relyingPartyID: String, protectedAtMost protection: CredentialProtection, skipping: Int, limit: Int
    ) -> CredentialPage {
        store.sources(relyingPartyID: relyingPartyID, protectedAtMost: protection, skipping: skipping, limit: limit)
    }
    func census() -> CredentialCensus { store.census() }
    func state() -> AuthenticatorState? { store.state() }
    func updateState(
        orBeginningWith new: AuthenticatorState,
        _ change: @escaping @Sendable (inout AuthenticatorState) throws -> Void
    ) throws -> AuthenticatorState { try store.updateState(orBeginningWith: new, change) }
    func largeBlobArray() -> [UInt8]? { store.largeBlobArray() }
    func save(largeBlobArray: [UInt8]) { store.save(largeBlobArray: largeBlobArray) }
    func source(id: [UInt8]) -> CredentialSource? { store.source(id: id) }
    func update(_ source: CredentialSource) -> Bool { store.update(source) }
    func save(_ blob: LargeBlobData, forCredentialWithID id: [UInt8]) -> Bool {
        store.save(blob, forCredentialWithID: id)
    }
    func delete(id: [UInt8]) -> Bool { store.delete(id: id) }
    func nextSignatureCounter() throws(CredentialStoreError) -> UInt32 { try store.nextSignatureCounter() }
    func wrappingKey(orStoring candidate: SecretBytes) -> SecretBytes { store.wrappingKey(orStoring: candidate) }
    func attestationIdentity(orStoring candidate: AttestationIdentity?) -> AttestationIdentity? {
        store.attestationIdentity(orStoring: candidate)
    }
    func reset(wrappingKey: SecretBytes, state: AuthenticatorState) {
        store.reset(wrappingKey: wrappingKey, state: state)
    }
}
