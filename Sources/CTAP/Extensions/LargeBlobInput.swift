public import CBOR

/// The input of the extension `largeBlob` with authenticatorMakeCredential (CTAP 2.3 §12): `{"support": tstr}`.
public enum LargeBlobSupport: String, Hashable, Sendable, CaseIterable {
    /// The relying party would like room for a blob.
    case preferred
    /// The relying party has no use for a credential without.
    case required

    /// Reads the map.
    ///
    /// - Throws: CTAP2_ERR_INVALID_CBOR for anything else, whatever is wrong with it.
    public init(ctap item: CBORValue) throws(CTAPStatus) {
        guard let map = item.map, map.entries.count == 1, let text = map["support"]?.text,
            let support = LargeBlobSupport(rawValue: text)
        else { throw .invalidCBOR }
        self = support
    }

    /// The map.
    public var ctap: CBORValue { ["support": .text(rawValue)] }
}

/// The input of the extension `largeBlob` with authenticatorGetAssertion (CTAP 2.3 §12).
///
///     {"read": true}  or  {"write": bstr, "originalSize": uint}
public enum LargeBlobOperation: Hashable, Sendable {
    /// The credential's blob is wanted.
    case read
    /// This is to be its blob from now on.
    case write(LargeBlobData)

    /// Reads the map.
    ///
    /// - Throws: CTAP2_ERR_INVALID_CBOR for anything else, whatever is wrong with it.
    public init(ctap item: CBORValue) throws(CTAPStatus) {
        guard let map = item.map else { throw .invalidCBOR }
        switch (map["read"], map["write"], map["originalSize"], map.entries.count) {
        case (.boolean(true)?, nil, nil, 1): self = .read
        case (nil, .bytes(let blob)?, .unsigned(let size)?, 2):
            self = .write(LargeBlobData(compressed: blob, originalSize: size))
        default: throw .invalidCBOR
        }
    }

    /// The map.
    public var ctap: CBORValue {
        switch self {
        case .read: ["read": true]
        case .write(let blob): ["write": .bytes(blob.compressed), "originalSize": .unsigned(blob.originalSize)]
        }
    }
}

/// A large blob as platforms hand it over: compressed by DEFLATE (RFC 1951), which authenticators do not look into.
public struct LargeBlobData: Hashable, Sendable {
    /// What is stored.
    public var compressed: [UInt8]
    /// How long it is without compression, in bytes, as the platform says.
    public var originalSize: UInt64

    /// Puts the parts together.
    public init(compressed: [UInt8], originalSize: UInt64) {
        self.compressed = compressed
        self.originalSize = originalSize
    }
}

extension LargeBlobData: CustomStringConvertible {
    /// Its length only: what relying parties keep is theirs.
    public var description: String { "large blob of \(compressed.count) bytes" }
}
