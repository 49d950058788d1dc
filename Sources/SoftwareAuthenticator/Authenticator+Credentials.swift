import CTAP
import Crypto
import FoundationEssentials
import WebAuthnModel

extension Authenticator {
    /// SHA-256 of an RP ID.
    static func hash(_ relyingPartyID: String) -> [UInt8] {
        unsafe SHA256.digest(Array(relyingPartyID.utf8)).withUnsafeBytes { unsafe Array($0) }
    }

    /// The credential of a relying party that a descriptor names, stored or wrapped; `nil` when it is not ours.
    func source(
        _ descriptor: PublicKeyCredentialDescriptor, relyingPartyID: String
    ) async throws -> CredentialSource? {
        let id = descriptor.id.bytes
        guard descriptor.type == publicKeyCredentialType, id.count <= maximumCredentialIDLength else {
            return nil
        }
        if let source = try await store.source(id: id) {
            return source.isScoped(to: relyingPartyID) ? source : nil
        }
        guard
            let content = WrappedCredentialID.open(
                id, relyingPartyIDHash: Authenticator.hash(relyingPartyID), wrappingKey: try await wrappingKey(),
                supplement: configuration.supplement)
        else { return nil }
        return CredentialSource(
            id: id, relyingPartyID: relyingPartyID, userHandle: [], privateKey: content.privateKey,
            isDiscoverable: false, properties: content.properties)
    }

    /// Remembers a relying party that has a credential here which is not stored; of a thousand and more, some are forgotten.
    func remember(_ relyingPartyIDHash: [UInt8]) {
        if knownRelyingParties.count >= 1024 { _ = knownRelyingParties.popFirst() }
        knownRelyingParties.insert(relyingPartyIDHash)
    }

    /// The store's wrapping key, made when there is none yet.
    func wrappingKey() async throws -> SecretBytes {
        let candidate = spareWrappingKey ?? newWrappingKey()
        let key = try await store.wrappingKey(orStoring: candidate)
        // Drawing one costs system calls; one that was not needed will do the next time.
        spareWrappingKey = key == candidate ? nil : candidate
        return key
    }

    /// 32 random bytes.
    func newWrappingKey() -> SecretBytes { SecretBytes(randomBytes(32, using: &randomness)) }

    /// The next signature counter, or zero where none is kept.
    func nextSignatureCounter() async throws -> UInt32 {
        configuration.flavour.countsSignatures ? try await store.nextSignatureCounter() : 0
    }

    /// The flags that the flavour fixes for the life of a credential (WebAuthn Level 3 §6.1.3).
    var backupFlags: AuthenticatorData.Flags {
        configuration.flavour.synchronisesCredentials ? [.backupEligible, .backedUp] : []
    }

    /// The longest ID that is made here: a wrapped one.
    nonisolated var maximumCredentialIDLength: Int {
        configuration.supplement[.rs256] == nil
            ? WrappedCredentialID.maximumByteCountWithoutRSA : WrappedCredentialID.maximumByteCount
    }
}
