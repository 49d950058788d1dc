public import CBOR

/// The authenticator's first encrypted message (CTAP 2.3 §11.5.1.2); it has no type byte.
///
///     0: bstr      padding
///     1: bstr      authenticatorGetInfo response data, without status
///     2: {…}       linking information, of authenticators before revision 1
///     3: [* tstr]  features; ["ctap"] if absent
public struct PostHandshakeMessage: Hashable, Sendable {
    /// Which revision of the message layer the authenticator speaks.
    public enum Revision: Hashable, Sendable {
        /// Messages without type byte, without shutdown and updates: authenticators that pad this message as a whole.
        case withoutTypes
        /// Typed messages, see ``HybridMessage``.
        case typed
    }

    /// The authenticatorGetInfo response as CBOR, without the status byte; there whenever CTAP is among the features.
    public var getInfo: [UInt8]?
    /// What the authenticator takes, in the order in which it says so.
    public var features: [HybridFeature]
    /// An offer of state-assisted transactions.
    public var linking: LinkingInformation?
    /// How the messages that follow are framed.
    public let revision: Revision

    /// A message of the current revision.
    public init(getInfo: [UInt8]?, features: [HybridFeature] = [.ctap], linking: LinkingInformation? = nil) {
        self.getInfo = getInfo
        self.features = features
        self.linking = linking
        revision = .typed
    }

    /// Reads a decrypted message.
    ///
    /// Bytes that are not CBOR as a whole may be the padded map of an older authenticator.
    ///
    /// - Throws: an error when the message is neither, or when a member is missing or of another type.
    public init(decoding bytes: [UInt8]) throws(PostHandshakeMessageError) {
        let strict: CBORError
        do {
            try self.init(try CBORDecoder.decode(bytes), revision: .typed)
            return
        } catch let error as PostHandshakeMessageError {
            throw error
        } catch let error as CBORError {
            strict = error
        } catch {
            throw .notAMap
        }
        for unpadded in [LegacyCBORPadding.unpad16(bytes), LegacyCBORPadding.unpad8(bytes)].compactMap({ $0 }) {
            let value: CBORValue
            do {
                value = try CBORDecoder.decode(unpadded)
            } catch {
                continue
            }
            try self.init(value, revision: .withoutTypes)
            return
        }
        throw .notCBOR(strict)
    }

    private init(_ value: CBORValue, revision: Revision) throws(PostHandshakeMessageError) {
        guard let map = value.map else { throw .notAMap }
        self.revision = revision
        getInfo = nil
        if let value = map[1] {
            guard let bytes = value.bytes else { throw .getInfo }
            getInfo = bytes
        }
        features = [.ctap]
        if let value = map[3] {
            guard let names = value.array else { throw .features }
            features = []
            for name in names {
                guard let text = name.text else { throw .features }
                features.append(HybridFeature(rawValue: text))
            }
        }
        guard getInfo != nil || !features.contains(.ctap) else { throw .getInfo }
        linking = nil
        if let value = map[2] {
            guard let map = value.map else { throw .linking(.notAMap) }
            do {
                linking = try LinkingInformation(map)
            } catch {
                throw .linking(error)
            }
        }
    }

    /// The message to encrypt, in the current revision.
    ///
    /// The list of features is left out when it is just CTAP, which is what its absence means, and sorted otherwise.
    public func encoded() -> [UInt8] {
        var map = CBORMap()
        map[1] = getInfo.map(CBORValue.bytes)
        map[2] = linking.map { .map($0.encoded()) }
        if features != [.ctap] {
            map[3] = .array(features.map(\.rawValue).sorted().map(CBORValue.text))
        }
        return CBOREncoder.encode(.map(map))
    }
}

extension PostHandshakeMessage: CustomStringConvertible {
    /// Features and sizes; linking information is secret.
    public var description: String {
        let names = features.map(\.rawValue).joined(separator: ", ")
        return "post-handshake message (\(names); getInfo of \(getInfo?.count ?? 0) bytes)"
    }
}

/// The padding with which authenticators before revision 1 made their post-handshake map a multiple of some length.
enum LegacyCBORPadding {
    /// Zero bytes, then their number as a 16-bit little-endian integer.
    static func unpad16(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count >= 2 else { return nil }
        let count = Int(bytes[bytes.count - 2]) | Int(bytes[bytes.count - 1]) << 8
        guard count <= bytes.count - 2 else { return nil }
        return Array(bytes.dropLast(count + 2))
    }

    /// Zero bytes, then their number as one byte; older still.
    static func unpad8(_ bytes: [UInt8]) -> [UInt8]? { HybridPadding.unpad(bytes) }
}

/// Why a post-handshake message was refused.
public enum PostHandshakeMessageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes are not CTAP2 canonical CBOR, with or without the padding of older authenticators.
    case notCBOR(CBORError)
    /// The CBOR item is not a map.
    case notAMap
    /// Key 1 is missing or not a byte string.
    case getInfo
    /// Key 3 is not an array of text.
    case features
    /// Key 2 is not linking information.
    case linking(LinkingInformationError)

    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .notCBOR(let error): "the authenticator's first message is not CBOR: \(error); close the connection"
        case .notAMap: "the authenticator's first message is not a CBOR map; close the connection"
        case .getInfo: "the authenticator's first message does not describe the authenticator; close the connection"
        case .features: "the authenticator's first message has malformed features; close the connection"
        case .linking(let error): error.description
        }
    }
}
