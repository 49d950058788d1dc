import CTAP
import Crypto
import CryptoExtras
import FoundationEssentials

/// What authenticatorGetInfo has last said; true for as long as the state and the census are these.
struct InformationCache: Sendable {
    let state: AuthenticatorState
    /// `nil` where nothing is managed, and how full the store is is not said.
    let census: CredentialCensus?
    private let encoded: [UInt8]
    private let secrets: EncryptedInformation?
    /// Where in the encoding the two encrypted members are.
    private let places: [Int]

    /// - Parameters:
    ///   - info: what is said, without the members that are encrypted.
    ///   - secrets: these, where there are any.
    init(state: AuthenticatorState, census: CredentialCensus?, info: AuthenticatorInfo, secrets: EncryptedInformation?)
    {
        self.state = state
        self.census = census
        self.secrets = secrets
        guard secrets != nil else {
            encoded = info.encoded
            places = []
            return
        }
        // Two encodings differ only there.
        let (zeros, ones) = (InformationCache.encode(info, filler: 0), InformationCache.encode(info, filler: 0xFF))
        encoded = zeros
        let fillers = zeros.indices.filter { zeros[$0] != ones[$0] }
        places = stride(from: 0, to: fillers.count, by: EncryptedInformation.byteCount).map { fillers[$0] }
    }

    /// The CBOR of the response.
    func data(using generator: inout some RandomNumberGenerator) throws -> [UInt8] {
        guard let secrets else { return encoded }
        var data = encoded
        for (place, bytes) in zip(places, try secrets.encrypted(using: &generator)) {
            data.replaceSubrange(place..<place + EncryptedInformation.byteCount, with: bytes)
        }
        return data
    }

    private static func encode(_ info: AuthenticatorInfo, filler: UInt8) -> [UInt8] {
        var info = info
        info.encryptedIdentifier = [UInt8](repeating: filler, count: EncryptedInformation.byteCount)
        info.encryptedCredentialStoreState = info.encryptedIdentifier
        return info.encoded
    }
}

/// The members of authenticatorGetInfo that only holders of the persistent token can read (CTAP 2.3 §6.4, encIdentifier and
/// encCredStoreState): `iv ‖ AES-128-CBC(block)`, with another IV each time.
struct EncryptedInformation: Sendable {
    /// The length of each.
    static let byteCount = 32

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

    /// encIdentifier and encCredStoreState, in this order, which is also that of the response.
    func encrypted(using generator: inout some RandomNumberGenerator) throws -> [[UInt8]] {
        [
            try encrypt(identifier, identifierKey, using: &generator),
            try encrypt(credentialStoreState, credentialStoreStateKey, using: &generator),
        ]
    }

    private func encrypt(
        _ block: [UInt8], _ key: SymmetricKey, using generator: inout some RandomNumberGenerator
    ) throws -> [UInt8] {
        let vector = randomBytes(16, using: &generator)
        return vector + (try AES._CBC.encrypt(block, using: key, iv: AES._CBC.IV(ivBytes: vector), noPadding: true))
    }
}
