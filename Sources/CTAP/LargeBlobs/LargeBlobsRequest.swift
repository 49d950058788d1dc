import CBOR
import Crypto

/// The parameters of authenticatorLargeBlobs (CTAP 2.3 §6.10).
///
/// | key | member | type |
/// |---|---|---|
/// | 1 | get | uint, optional |
/// | 2 | set | bstr, optional |
/// | 3 | offset | uint |
/// | 4 | length | uint, optional |
/// | 5 | pinUvAuthParam | bstr, optional |
/// | 6 | pinUvAuthProtocol | uint, optional |
public struct LargeBlobsRequest: Hashable, Sendable {
    /// How many bytes to read.
    public var get: UInt64?
    /// A fragment to write.
    public var set: [UInt8]?
    /// Where to read or write.
    public var offset: UInt64?
    /// The length of all that is going to be written; in the first fragment only.
    public var length: UInt64?
    /// The proof that the platform holds a token.
    public var pinUVAuthParam: [UInt8]?
    /// The number of the PIN/UV auth protocol.
    public var pinUVAuthProtocol: UInt64?

    /// Puts the usual parts together.
    public init(get: UInt64? = nil, set: [UInt8]? = nil, offset: UInt64?, length: UInt64? = nil) {
        self.get = get
        self.set = set
        self.offset = offset
        self.length = length
    }

    /// Reads the parameters; what is thrown is the status to answer with.
    public init(parameters: [UInt8]) throws(CTAPStatus) {
        let map = try ParameterMap(parameters)
        self.init(
            get: try map.optional(1, Member.unsigned), set: try map.optional(2, Member.bytes),
            offset: try map.optional(3, Member.unsigned), length: try map.optional(4, Member.unsigned))
        pinUVAuthParam = try map.optional(5, Member.bytes)
        pinUVAuthProtocol = try map.optional(6, Member.unsigned)
    }

    /// The request that carries these parameters.
    public var request: CTAPRequest {
        var map = CBORMap()
        map[1] = get.map(CBORValue.unsigned)
        map[2] = set.map(CBORValue.bytes)
        map[3] = offset.map(CBORValue.unsigned)
        map[4] = length.map(CBORValue.unsigned)
        map[5] = pinUVAuthParam.map(CBORValue.bytes)
        map[6] = pinUVAuthProtocol.map(CBORValue.unsigned)
        return CTAPRequest(.largeBlobs, parameters: CBOREncoder.encode(.map(map)))
    }

    /// What the proof is computed over: `32 × FF ‖ 0C 00 ‖ offset (32 bits, little-endian) ‖ SHA-256(fragment)`.
    public var authenticatedMessage: [UInt8] {
        let offset = UInt32(truncatingIfNeeded: offset ?? 0)
        return [UInt8](repeating: 0xFF, count: 32) + [0x0C, 0x00]
            + (0..<4).map { UInt8(truncatingIfNeeded: offset >> (8 * $0)) } + Array(SHA256.hash(data: set ?? []))
    }
}

/// The data of a successful authenticatorLargeBlobs that reads (CTAP 2.3 §6.10): `{1: bstr}`.
public struct LargeBlobsResponse: Hashable, Sendable {
    /// The bytes that were read.
    public var config: [UInt8]

    /// Bytes that were read.
    public init(config: [UInt8]) { self.config = config }

    /// Reads the data of a response; what is thrown names the kind of defect.
    public init(data: [UInt8]) throws(CTAPStatus) {
        config = try ParameterMap(data).required(1, Member.bytes)
    }

    /// The successful response that carries this data.
    public var response: CTAPResponse {
        var map = CBORMap()
        map[1] = .bytes(config)
        return CTAPResponse(.success, data: CBOREncoder.encode(.map(map)))
    }
}
