public import CBOR

/// The output of the extension `largeBlob`, among the outputs that are not signed (CTAP 2.3 §12).
///
///     {"supported": bool}                          of authenticatorMakeCredential
///     {"blob": bstr, "originalSize": uint}         of authenticatorGetAssertion, for a blob that was read
///     {"written": bool}                            of authenticatorGetAssertion, for one that was to be written
public enum LargeBlobOutput: Hashable, Sendable {
    /// The extension's identifier.
    public static let identifier = "largeBlob"

    /// Whether the new credential has room for a blob.
    case supported(Bool)
    /// The blob.
    case read(LargeBlobData)
    /// Whether the blob is stored.
    case written(Bool)

    /// Reads the map.
    ///
    /// - Throws: CTAP2_ERR_INVALID_CBOR for anything else, whatever is wrong with it.
    public init(ctap item: CBORValue) throws(CTAPStatus) {
        guard let map = item.map else { throw .invalidCBOR }
        switch (map["supported"], map["written"], map["blob"], map["originalSize"], map.entries.count) {
        case (.boolean(let isSupported)?, nil, nil, nil, 1): self = .supported(isSupported)
        case (nil, .boolean(let isWritten)?, nil, nil, 1): self = .written(isWritten)
        case (nil, nil, .bytes(let blob)?, .unsigned(let size)?, 2):
            self = .read(LargeBlobData(compressed: blob, originalSize: size))
        default: throw .invalidCBOR
        }
    }

    /// The map.
    public var ctap: CBORValue {
        switch self {
        case .supported(let isSupported): ["supported": .boolean(isSupported)]
        case .written(let isWritten): ["written": .boolean(isWritten)]
        case .read(let blob): ["blob": .bytes(blob.compressed), "originalSize": .unsigned(blob.originalSize)]
        }
    }
}
