import CBOR
import CTAP
import Crypto
import CryptoExtras
import FoundationEssentials

/// What authenticatorGetInfo has last said; true for as long as the state and the census are these.
struct InformationCache: Sendable {
    let state: AuthenticatorState
    /// `nil` where nothing is managed, and how full the store is is not said.
    let census: CredentialCensus?
    /// The response, without what is encrypted anew each time.
    let map: CBORMap
    /// That.
    let secrets: EncryptedInformation?
}

/// The members of authenticatorGetInfo that only holders of the persistent token can read (CTAP 2.3 §6.4, encIdentifier and
/// encCredStoreState): `iv ‖ AES-128-CBC(block)`, with another IV each time.
struct EncryptedInformation: Sendable {
    private let identifier: [UInt8]
    private let credentialStoreState: [UInt8]
    private let identifierKey: SymmetricKey
    private let credentialStoreStateKey: SymmetricKey

    init(_ state: AuthenticatorState, _ census: CredentialCensus) {
        func key(_ purpose: String) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: state.persistentToken.symmetricKey, salt: [UInt8](repeating: 0, count: 32),
                info: Array(purpose.utf8), outputByteCount: 16)
        }
        identifier = state.deviceIdentifier
        let changeCount = stride(from: 56, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: census.changeCount >> $0)
        }
        credentialStoreState = Array(SHA256.hash(data: identifier + changeCount).prefix(16))
        identifierKey = key("encIdentifier")
        credentialStoreStateKey = key("encCredStoreState")
    }

    /// encIdentifier.
    func encryptedIdentifier(using generator: inout some RandomNumberGenerator) throws -> [UInt8] {
        try encrypt(identifier, identifierKey, using: &generator)
    }

    /// encCredStoreState.
    func encryptedCredentialStoreState(using generator: inout some RandomNumberGenerator) throws -> [UInt8] {
        try encrypt(credentialStoreState, credentialStoreStateKey, using: &generator)
    }

    private func encrypt(
        _ block: [UInt8], _ key: SymmetricKey, using generator: inout some RandomNumberGenerator
    ) throws -> [UInt8] {
        let vector = randomBytes(16, using: &generator)
        return vector + (try AES._CBC.encrypt(block, using: key, iv: AES._CBC.IV(ivBytes: vector), noPadding: true))
    }
}
