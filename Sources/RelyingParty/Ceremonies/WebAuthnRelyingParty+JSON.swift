import FoundationEssentials
public import WebAuthnModel

extension WebAuthnRelyingParty {
    /// The longest response in bytes that is read: a credential ID, authenticator data and a certificate chain fit
    /// many times over.
    public static let maximumResponseByteCount = 65_536

    /// Reads the body of a request that ends a registration.
    public static func registrationResponse(json: [UInt8]) throws(CeremonyError) -> RegistrationResponse {
        try decode(json)
    }

    /// Reads the body of a request that ends an authentication.
    public static func authenticationResponse(json: [UInt8]) throws(CeremonyError) -> AuthenticationResponse {
        try decode(json)
    }

    /// The challenge that a response claims to answer: the key under which its ceremony is stored.
    public static func challenge(in response: RegistrationResponse) throws(CeremonyError) -> [UInt8] {
        try clientData(response.response.clientDataJSON.bytes).challenge.bytes
    }

    /// The challenge that a response claims to answer: the key under which its ceremony is stored.
    public static func challenge(in response: AuthenticationResponse) throws(CeremonyError) -> [UInt8] {
        try clientData(response.response.clientDataJSON.bytes).challenge.bytes
    }

    /// Reads client data: UTF-8, a byte order mark is skipped (§7.1 steps 5 and 6, §7.2 steps 8 and 9).
    ///
    /// Of a member that comes twice JSON's parsers take one or the other, and no client makes one: refused.
    static func clientData(_ json: [UInt8]) throws(CeremonyError) -> CollectedClientData {
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = json.starts(with: byteOrderMark) ? Array(json.dropFirst(3)) : json
        guard isUTF8(text) else { throw .clientDataNotUTF8 }
        guard JSONMembers.repeated(in: text) == nil else { throw .clientDataMalformed("a member comes twice") }
        do {
            return try CollectedClientData(decoding: text)
        } catch {
            throw .clientDataMalformed(reason(for: error))
        }
    }

    private static func decode<Value: Decodable>(_ json: [UInt8]) throws(CeremonyError) -> Value {
        guard json.count <= maximumResponseByteCount else {
            throw .responseTooLarge(byteCount: json.count, limit: maximumResponseByteCount)
        }
        guard isUTF8(json) else { throw .malformedJSON("it is not UTF-8") }
        guard JSONMembers.repeated(in: json) == nil else { throw .malformedJSON("a member comes twice") }
        do {
            return try JSONDecoder().decode(Value.self, from: Data(json))
        } catch {
            throw .malformedJSON(reason(for: error))
        }
    }

    /// Whether the bytes are UTF-8 without NUL: the JSON decoder would take text with NUL bytes for UTF-16 or UTF-32.
    private static func isUTF8(_ bytes: [UInt8]) -> Bool {
        String(validating: bytes, as: UTF8.self) != nil && !bytes.contains(0)
    }

    /// Names the member that failed, and nothing of its value.
    private static func reason(for error: any Error) -> String {
        guard let error = error as? DecodingError else { return "it is not JSON" }
        switch error {
        case .keyNotFound(let key, let context): return "member \(path(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context): return "member \(path(context.codingPath)) has the wrong type"
        case .valueNotFound(_, let context): return "member \(path(context.codingPath)) is null"
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            return "member \(path(context.codingPath)) is malformed: \(context.debugDescription)"
        default: return "it is not JSON"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.isEmpty ? "(the whole)" : keys.map(\.stringValue).joined(separator: ".")
    }
}
