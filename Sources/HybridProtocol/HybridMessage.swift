public import CBOR

/// A message after the handshake and the post-handshake message (CTAP 2.3 §11.5.1.2): a type byte and a body.
public enum HybridMessage: Hashable, Sendable {
    /// Type 0, without body: the client platform sends no more requests.
    case shutdown
    /// Type 1: a CTAP request (command and parameters) or response (status and data), never empty.
    case ctap([UInt8])
    /// Type 2: an update, such as linking information under key 1.
    case update(CBORMap)
    /// Type 3: JSON in UTF-8, for peers that have the feature ``HybridFeature/digitalCredentials``; never empty.
    case json([UInt8])

    /// Reads a decrypted message.
    ///
    /// - Throws: an error when the type is unknown or its body malformed.
    public init(decoding bytes: [UInt8]) throws(HybridMessageError) {
        guard let type = bytes.first else { throw .empty }
        let body = Array(bytes.dropFirst())
        switch type {
        case 0:
            guard body.isEmpty else { throw .shutdownWithBody }
            self = .shutdown
        case 1:
            guard !body.isEmpty else { throw .emptyBody }
            self = .ctap(body)
        case 2:
            let value: CBORValue
            do {
                value = try CBORDecoder.decode(body)
            } catch {
                throw .updateNotCBOR(error)
            }
            guard let map = value.map else { throw .updateNotAMap }
            self = .update(map)
        case 3:
            guard !body.isEmpty else { throw .emptyBody }
            guard String(validating: body, as: UTF8.self) != nil else { throw .jsonNotUTF8 }
            self = .json(body)
        default:
            throw .unknownType(type)
        }
    }

    /// The message to encrypt.
    public func encoded() -> [UInt8] {
        switch self {
        case .shutdown: [0]
        case .ctap(let body): [1] + body
        case .update(let map): [2] + CBOREncoder.encode(.map(map))
        case .json(let body): [3] + body
        }
    }
}

extension HybridMessage: CustomStringConvertible {
    /// Type and length; the content may be secret.
    public var description: String {
        switch self {
        case .shutdown: "shutdown"
        case .ctap(let body): "CTAP message (\(body.count) bytes)"
        case .update(let map): "update (\(map.count) entries)"
        case .json(let body): "JSON message (\(body.count) bytes)"
        }
    }
}

/// Why a decrypted message was refused.
public enum HybridMessageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is not even a type.
    case empty
    /// The type is none of those specified.
    case unknownType(UInt8)
    /// A CTAP or JSON message has no content.
    case emptyBody
    /// A shutdown message has content.
    case shutdownWithBody
    /// The content of an update is not CTAP2 canonical CBOR.
    case updateNotCBOR(CBORError)
    /// The content of an update is not a map.
    case updateNotAMap
    /// The content of a JSON message is not UTF-8.
    case jsonNotUTF8

    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .empty: "the other device sent an empty message; close the connection"
        case .unknownType(let type): "the other device sent a message of unknown type \(type); close the connection"
        case .emptyBody: "the other device sent a message without content; close the connection"
        case .shutdownWithBody: "the other device sent a shutdown with content; close the connection"
        case .updateNotCBOR(let error): "the other device sent a malformed update: \(error); close the connection"
        case .updateNotAMap: "the other device sent an update that is not a map; close the connection"
        case .jsonNotUTF8: "the other device sent JSON that is not UTF-8; close the connection"
        }
    }
}
