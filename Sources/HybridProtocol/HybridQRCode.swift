public import CBOR
public import Crypto
import FoundationEssentials

/// The content of the QR code that starts a hybrid transaction (CTAP 2.3 §11.5.1).
///
/// `FIDO:/` and the digits (``HybridDigits``) of a CTAP2 canonical CBOR map:
///
///     0: bstr .size 33   identity public key of the client platform, compressed
///     1: bstr .size 16   QR secret
///     2: uint            number of assigned tunnel service domains that the client platform knows
///     3: uint            moment of creation, in seconds since 1970
///     4: bool            whether the client platform does state-assisted transactions
///     5: tstr            operation hint
///     6: [* uint]        data transfer channels; [0] if absent
public struct HybridQRCode: Sendable {
    /// Bytes of ``qrSecret``.
    public static let secretByteCount = 16

    /// The key that identifies the client platform in the handshake.
    public var identityPublicKey: P256.KeyAgreement.PublicKey
    /// The secret from which advertisement, tunnel identifier and handshake keys are derived, 16 bytes.
    public let qrSecret: [UInt8]
    /// How many of the assigned tunnel service domains the client platform knows; 0 if it did not say.
    public var knownTunnelDomainCount: UInt64
    /// When the code was made, in seconds since 1970.
    public var timestamp: UInt64?
    /// Whether the client platform does state-assisted transactions; `nil` if it did not say.
    public var supportsLinking: Bool?
    /// What the client platform intends to do.
    public var operationHint: HybridOperationHint
    /// The data transfer channels that the client platform offers; never empty in a code that was read.
    public var dataTransferChannels: [HybridDataTransferChannel]

    /// A code of given content.
    ///
    /// - Returns: `nil` unless the secret has 16 bytes.
    public init?(
        identityPublicKey: P256.KeyAgreement.PublicKey, qrSecret: [UInt8],
        knownTunnelDomainCount: UInt64 = TunnelDomain.assignedCount,
        timestamp: UInt64?, supportsLinking: Bool? = false, operationHint: HybridOperationHint,
        dataTransferChannels: [HybridDataTransferChannel] = [.webSocket]
    ) {
        guard qrSecret.count == Self.secretByteCount else { return nil }
        self.init(
            identityPublicKey: identityPublicKey, validatedSecret: qrSecret,
            knownTunnelDomainCount: knownTunnelDomainCount, timestamp: timestamp, supportsLinking: supportsLinking,
            operationHint: operationHint, dataTransferChannels: dataTransferChannels)
    }

    /// A code whose secret is known to have 16 bytes.
    init(
        identityPublicKey: P256.KeyAgreement.PublicKey, validatedSecret qrSecret: [UInt8],
        knownTunnelDomainCount: UInt64 = TunnelDomain.assignedCount, timestamp: UInt64?, supportsLinking: Bool?,
        operationHint: HybridOperationHint, dataTransferChannels: [HybridDataTransferChannel]
    ) {
        self.identityPublicKey = identityPublicKey
        self.qrSecret = qrSecret
        self.knownTunnelDomainCount = knownTunnelDomainCount
        self.timestamp = timestamp
        self.supportsLinking = supportsLinking
        self.operationHint = operationHint
        self.dataTransferChannels = dataTransferChannels
    }

    /// Reads the text of a scanned code.
    ///
    /// The letters of the prefix may have either case. Unknown keys are ignored, and so is a timestamp of another type,
    /// which only informs. An absent or unknown hint means an assertion.
    ///
    /// - Throws: an error that names the part refused.
    public init(url: String) throws(HybridQRCodeError) {
        let prefix = Array("fido:/".utf8)
        // Setting bit 5 maps upper-case ASCII letters to lower case and leaves ':' and '/' as they are.
        guard url.utf8.prefix(prefix.count).map({ $0 | 0x20 }) == prefix else { throw .notAHybridCode }
        let digits = url.unicodeScalars.dropFirst(prefix.count)
        guard !digits.isEmpty else { throw .empty }

        let content: CBORValue
        do {
            content = try CBORDecoder.decode(try HybridDigits.decode(String(digits)))
        } catch let error as HybridDigitsError {
            throw .digits(error)
        } catch let error as CBORError {
            throw .cbor(error)
        } catch {
            throw .notAMap
        }
        guard let map = content.map else { throw .notAMap }
        try self.init(map)
    }

    private init(_ map: CBORMap) throws(HybridQRCodeError) {
        guard let key = map[0]?.bytes, key.count == 33 else { throw .identityKey }
        do {
            identityPublicKey = try P256.KeyAgreement.PublicKey(compressedRepresentation: key)
        } catch {
            throw .identityKey
        }
        guard let secret = map[1]?.bytes, secret.count == Self.secretByteCount else { throw .secret }
        qrSecret = secret

        knownTunnelDomainCount = 0
        if let value = map[2] {
            guard let count = value.unsigned else { throw .knownTunnelDomainCount }
            knownTunnelDomainCount = count
        }
        timestamp = map[3]?.unsigned
        supportsLinking = nil
        if let value = map[4] {
            guard let flag = value.boolean else { throw .supportsLinking }
            supportsLinking = flag
        }
        operationHint = .getAssertion
        if let value = map[5] {
            guard let hint = value.text else { throw .operationHint }
            operationHint = HybridOperationHint(rawValue: hint) ?? .getAssertion
        }
        dataTransferChannels = Self.channels(map[6])
    }

    /// Absent and malformed lists mean WebSocket only, as does the boolean that key 6 held before CTAP 2.2 (a hint
    /// about non-discoverable credentials); channels unknown here are skipped.
    private static func channels(_ value: CBORValue?) -> [HybridDataTransferChannel] {
        guard let items = value?.array, items.allSatisfy({ $0.unsigned != nil }) else { return [.webSocket] }
        let known = items.compactMap { $0.unsigned.flatMap(HybridDataTransferChannel.init(rawValue:)) }
        return known.isEmpty ? [.webSocket] : known
    }

    /// The text of the code, upper-case so that it fits the alphanumeric mode of QR codes.
    ///
    /// Key 6 is written only when a Bluetooth LE channel is offered: older authenticators refuse an array there.
    public var url: String {
        var map = CBORMap()
        map[0] = .bytes(Array(identityPublicKey.compressedRepresentation))
        map[1] = .bytes(qrSecret)
        map[2] = .unsigned(knownTunnelDomainCount)
        map[3] = timestamp.map(CBORValue.unsigned)
        map[4] = supportsLinking.map(CBORValue.boolean)
        map[5] = .text(operationHint.rawValue)
        if dataTransferChannels.contains(.bluetoothLE) {
            map[6] = .array(dataTransferChannels.map { .unsigned($0.rawValue) })
        }
        return "FIDO:/" + HybridDigits.encode(CBOREncoder.encode(.map(map)))
    }

    /// The tunnel that a transaction started by this code uses.
    public var tunnelID: TunnelID { HybridKeyDerivation.tunnelID(qrSecret: qrSecret) }

    /// The keys of the advertisement that answers this code.
    public var eidKey: EIDKey { HybridKeyDerivation.eidKey(secret: qrSecret) }

    /// The pre-shared key of the handshake, once the advertisement is known.
    public func psk(for eid: HybridEID) -> SymmetricKey { HybridKeyDerivation.psk(secret: qrSecret, eid: eid) }
}

extension HybridQRCode: Equatable {
    /// Whether two codes have the same content.
    public static func == (left: HybridQRCode, right: HybridQRCode) -> Bool {
        left.identityPublicKey.x963Representation == right.identityPublicKey.x963Representation
            && left.qrSecret == right.qrSecret && left.knownTunnelDomainCount == right.knownTunnelDomainCount
            && left.timestamp == right.timestamp && left.supportsLinking == right.supportsLinking
            && left.operationHint == right.operationHint && left.dataTransferChannels == right.dataTransferChannels
    }
}

extension HybridQRCode: CustomStringConvertible {
    /// The content without the secret.
    public var description: String {
        let channels = dataTransferChannels.map { "\($0)" }.joined(separator: ", ")
        return "hybrid QR code (\(operationHint.rawValue); \(channels); secret withheld)"
    }
}

/// Why the text of a QR code was refused as the start of a hybrid transaction.
public enum HybridQRCodeError: Error, Hashable, Sendable {
    /// The text does not begin with `FIDO:/`.
    case notAHybridCode
    /// Nothing follows the prefix.
    case empty
    /// What follows the prefix are not the digits of bytes.
    case digits(HybridDigitsError)
    /// The bytes are not CTAP2 canonical CBOR.
    case cbor(CBORError)
    /// The CBOR item is not a map.
    case notAMap
    /// Key 0 is not a compressed P-256 public key.
    case identityKey
    /// Key 1 is not a byte string of 16 bytes.
    case secret
    /// Key 2 is not a non-negative integer.
    case knownTunnelDomainCount
    /// Key 4 is not a boolean.
    case supportsLinking
    /// Key 5 is not text.
    case operationHint
}

extension HybridQRCodeError: CustomStringConvertible {
    /// A sentence for whoever scanned the code.
    public var description: String {
        switch self {
        case .notAHybridCode: "this is not a passkey QR code: its text has to begin with FIDO:/"
        case .empty: "the QR code has no content after FIDO:/; scan it again"
        case .digits(let error): error.description
        case .cbor(let error): "the QR code is damaged: \(error); scan it again"
        case .notAMap: "the content of the QR code is not a CBOR map; show a new code"
        case .identityKey: "the QR code has no valid P-256 public key under key 0; show a new code"
        case .secret: "the QR code has no 16-byte secret under key 1; show a new code"
        case .knownTunnelDomainCount: "key 2 of the QR code is not a non-negative integer; show a new code"
        case .supportsLinking: "key 4 of the QR code is not a boolean; show a new code"
        case .operationHint: "key 5 of the QR code is not text; show a new code"
        }
    }
}
