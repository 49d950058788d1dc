import Crypto
import CryptoExtras
import FoundationEssentials

/// The service data of a Bluetooth LE advertisement that proves proximity (CTAP 2.3 §11.5.1).
///
/// The EID encrypted as one AES-256 block, four bytes of an HMAC with SHA-256 over that, and optionally a suffix.
public enum HybridAdvertisement {
    /// Bytes without a suffix.
    public static let byteCount = 20

    private static let tagByteCount = 4

    /// An advertisement opened with the right key.
    public struct Opened: Hashable, Sendable {
        /// The content.
        public let eid: HybridEID
        /// The channels offered besides the tunnel service; not authenticated.
        public let suffix: AdvertisementSuffix
    }

    /// The service data to broadcast.
    ///
    /// - Parameter suffix: to be given only if the QR code offers a Bluetooth LE channel; many client platforms know
    /// only
    ///   advertisements of exactly 20 bytes.
    /// - Throws: an error when the cryptographic library refuses to encrypt.
    public static func seal(
        eid: HybridEID, eidKey: EIDKey, suffix: AdvertisementSuffix = AdvertisementSuffix()
    ) throws(HybridAdvertisementError) -> [UInt8] {
        try seal(block: eid.bytes, eidKey: eidKey) + suffix.encoded()
    }

    /// Encrypts and authenticates any 16 bytes.
    static func seal(block plaintext: [UInt8], eidKey: EIDKey) throws(HybridAdvertisementError) -> [UInt8] {
        var block = plaintext
        do {
            try AES.permute(&block, key: eidKey.encryptionKey)
        } catch {
            throw HybridAdvertisementError()
        }
        return block + tag(of: block, eidKey)
    }

    /// Tries to open service data; most of what a scanner hears is foreign.
    ///
    /// - Returns: `nil` if the data is too short or not sealed with this key, or if its content is not an EID.
    public static func open(serviceData: [UInt8], eidKey: EIDKey) -> Opened? {
        guard serviceData.count >= byteCount else { return nil }
        // 1. Check the tag, in constant time.
        var block = Array(serviceData.prefix(HybridEID.byteCount))
        let received = serviceData[HybridEID.byteCount..<byteCount]
        let difference = zip(tag(of: block, eidKey), received).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
        guard difference == 0 else { return nil }
        // 2. Decrypt.
        do {
            try AES.inversePermute(&block, key: eidKey.encryptionKey)
        } catch {
            return nil
        }
        // 3. Check the first byte and the domain.
        guard let eid = HybridEID(bytes: block) else { return nil }
        return Opened(eid: eid, suffix: AdvertisementSuffix(decoding: serviceData.dropFirst(byteCount)))
    }

    private static func tag(of block: [UInt8], _ eidKey: EIDKey) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: block, using: eidKey.authenticationKey).prefix(tagByteCount))
    }
}

/// The cryptographic library refused to encrypt an advertisement.
public struct HybridAdvertisementError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A sentence for an operator.
    public var description: String { "the advertisement could not be encrypted; check the cryptographic library" }
}
