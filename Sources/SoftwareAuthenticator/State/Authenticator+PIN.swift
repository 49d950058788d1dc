import CTAP
import Crypto
import FoundationEssentials

extension Authenticator {
    /// How many wrong PINs in a row there may be between two power cycles.
    static var maximumConsecutivePINMismatches: Int { 3 }

    /// That there is a PIN, and that it may be tried (CTAP 2.3 §6.5.5.6, §6.5.5.7.1).
    func checkPINIsUsable() async throws {
        let state = try await state()
        guard state.pin != nil else { throw CTAPStatus.pinNotSet }
        guard state.pinRetries > 0 else { throw CTAPStatus.pinBlocked }
        guard consecutivePINMismatches < Authenticator.maximumConsecutivePINMismatches else {
            throw CTAPStatus.pinAuthBlocked
        }
    }

    /// Compares a PIN with the one that is set.
    ///
    /// The retry is taken, and on disk, before anything is compared: pulling the plug gives none back.
    ///
    /// - Returns: the state after a PIN that was right.
    func comparePIN(_ encrypted: [UInt8], _ sharedSecret: PINUVAuthSharedSecret) async throws -> AuthenticatorState {
        let state = try await change { state in
            guard state.pinRetries > 0 else { throw CTAPStatus.pinBlocked }
            state.pinRetries -= 1
        }
        let hash = (try? sharedSecret.decrypt(encrypted)).map { SecretBytes($0) }
        guard let pin = state.pin, hash == pin.hash else {
            // A secret that was used for guessing is used up.
            keyAgreementKeys[sharedSecret.pinUVAuthProtocol] = nil
            consecutivePINMismatches += 1
            guard state.pinRetries > 0 else { throw CTAPStatus.pinBlocked }
            throw consecutivePINMismatches < Authenticator.maximumConsecutivePINMismatches
                ? CTAPStatus.pinInvalid : .pinAuthBlocked
        }
        consecutivePINMismatches = 0
        return try await change { state in
            state.pinRetries = AuthenticatorState.maximumPINRetries
            state.uvRetries = AuthenticatorState.maximumUVRetries
        }
    }

    /// A new PIN, decrypted and found to be allowed (§6.5.5.5 from "decrypt").
    func newPIN(
        _ encrypted: [UInt8], _ sharedSecret: PINUVAuthSharedSecret, _ state: AuthenticatorState
    ) throws(CTAPStatus) -> StoredPIN {
        guard let padded = try? sharedSecret.decrypt(encrypted) else { throw .pinAuthInvalid }
        guard padded.count == 64 else { throw .invalidParameter }
        guard let end = padded.lastIndex(where: { $0 != 0 }) else { throw .pinPolicyViolation }
        let bytes = Array(padded[...end])
        // The last byte must be a zero.
        guard bytes.count <= 63, let text = String(validating: bytes, as: UTF8.self) else {
            throw .pinPolicyViolation
        }
        let count = text.unicodeScalars.count
        guard (state.minimumPINLength...configuration.maximumPINLength).contains(count) else {
            throw .pinPolicyViolation
        }
        if state.enforcesPINComplexity, !Authenticator.isComplex(text) { throw .pinPolicyViolation }
        return StoredPIN(
            hash: SecretBytes(Array(SHA256.hash(data: bytes)).prefix(16)), codePointCount: count)
    }

    /// The policy that setMinPINLength can switch on: neither one character repeated nor a row of neighbours.
    static func isComplex(_ pin: String) -> Bool {
        let values = pin.unicodeScalars.map { Int($0.value) }
        let steps = Set(zip(values, values.dropFirst()).map { $1 - $0 })
        return !(steps.count == 1 && [-1, 0, 1].contains(steps.first))
    }
}
