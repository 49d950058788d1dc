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
    private var secrets: EncryptedInformation?
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

    /// The CBOR of the next response.
    mutating func nextData() throws -> [UInt8] {
        var data = encoded
        for (index, place) in places.enumerated() { try secrets?.write(index, into: &data, at: place) }
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
    /// The length of an AES block, and of an IV.
    private static let blockByteCount = 16

    private let identifier: [UInt8]
    private let credentialStoreState: [UInt8]
    private let identifierKey: SymmetricKey
    private let credentialStoreStateKey: SymmetricKey
    /// Encrypts a counter; the results are the IVs.
    ///
    /// That is the first way of NIST SP 800-38A, appendix C, except that the key is one of their own, which no plaintext meets.
    /// Nobody can predict them, and none costs a system call. Many are made at a time, since most of what one costs is the call.
    private let vectorKey: SymmetricKey
    private var vectors: [UInt8] = []
    private var vectorPosition = 0
    private var batchCount: UInt64 = 0

    init(_ state: AuthenticatorState, _ census: CredentialCensus, using generator: inout some RandomNumberGenerator) {
        func key(_ purpose: String) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: state.persistentToken.symmetricKey, salt: [UInt8](repeating: 0, count: 32),
                info: Array(purpose.utf8), outputByteCount: 16)
        }
        identifier = state.deviceIdentifier
        let changeCount = EncryptedInformation.bigEndian(census.changeCount)
        credentialStoreState = Array(
            SHA256.hash(data: identifier + changeCount).prefix(EncryptedInformation.blockByteCount))
        identifierKey = key("encIdentifier")
        credentialStoreStateKey = key("encCredStoreState")
        vectorKey = SymmetricKey(data: randomBytes(EncryptedInformation.blockByteCount, using: &generator))
    }

    /// Writes encIdentifier (index 0) or encCredStoreState (1), which is also their order in the response.
    ///
    /// CBC over a single block is the encryption of its difference from the IV.
    mutating func write(_ index: Int, into data: inout [UInt8], at place: Int) throws {
        if vectorPosition == vectors.count { try makeVectors() }
        var block = index == 0 ? identifier : credentialStoreState
        for byte in block.indices {
            let random = vectors[vectorPosition + byte]
            data[place + byte] = random
            block[byte] ^= random
        }
        vectorPosition += EncryptedInformation.blockByteCount
        try AES.permute(&block, key: index == 0 ? identifierKey : credentialStoreStateKey)
        for byte in block.indices { data[place + EncryptedInformation.blockByteCount + byte] = block[byte] }
    }

    private mutating func makeVectors() throws {
        batchCount += 1
        // The lower 32 bits of the counter are AES._CTR's own.
        let nonce = try AES._CTR.Nonce(nonceBytes: [0, 0, 0, 0] + EncryptedInformation.bigEndian(batchCount))
        let zeros = [UInt8](repeating: 0, count: 64 * EncryptedInformation.blockByteCount)
        vectors = Array(try AES._CTR.encrypt(zeros, using: vectorKey, nonce: nonce))
        vectorPosition = 0
    }

    private static func bigEndian(_ number: UInt64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
