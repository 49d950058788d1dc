import FoundationEssentials

/// What the client vouches for (WebAuthn Level 3 §5.8.1).
public struct CollectedClientData: Hashable, Sendable, Codable {
    /// `webauthn.create` or `webauthn.get`.
    public var type: String
    /// The relying party's challenge.
    public var challenge: Base64URLString
    /// The serialized origin of the page.
    public var origin: String
    /// Whether the page is embedded in one of another origin.
    public var crossOrigin: Bool?
    /// The embedding page's origin, when there is one.
    public var topOrigin: String?

    /// The type at registration.
    public static let createType = "webauthn.create"
    /// The type at authentication.
    public static let getType = "webauthn.get"

    /// Puts the parts together.
    public init(
        type: String, challenge: [UInt8], origin: String, crossOrigin: Bool? = false, topOrigin: String? = nil
    ) {
        self.type = type
        self.challenge = Base64URLString(challenge)
        self.origin = origin
        self.crossOrigin = crossOrigin
        self.topOrigin = topOrigin
    }

    /// Reads JSON; unknown members are ignored, as the specification asks of relying parties.
    public init(decoding json: [UInt8]) throws {
        self = try JSONDecoder().decode(CollectedClientData.self, from: Data(json))
    }

    /// The serialization that clients must use (§5.8.1.1): fixed order, no white space, CCDToString escaping.
    public var encoded: [UInt8] {
        var json = "{\"type\":\(Self.quoted(type))"
        json += ",\"challenge\":\(Self.quoted(Base64URL.encode(challenge.bytes)))"
        json += ",\"origin\":\(Self.quoted(origin))"
        json += ",\"crossOrigin\":\(crossOrigin == true ? "true" : "false")"
        if let topOrigin { json += ",\"topOrigin\":\(Self.quoted(topOrigin))" }
        json += "}"
        return Array(json.utf8)
    }

    /// CCDToString.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x20, 0x21, 0x23...0x5B, 0x5D...0x10_FFFF:
                result.unicodeScalars.append(scalar)
            case 0x22:
                result += "\\\""
            case 0x5C:
                result += "\\\\"
            default:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return result + "\""
    }
}
