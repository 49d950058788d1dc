public import CBOR
package import Crypto

/// One or two values of 32 bytes: the salts that go into an authenticator's pseudo-random function, or what comes out.
///
/// A page's inputs of any length (WebAuthn Level 3 §10.1.4, AuthenticationExtensionsPRFValues) have become salts of 32 bytes
/// on the client: `SHA-256("WebAuthn PRF" ‖ 00 ‖ input)`.
public struct PRFValues: Hashable, Sendable {
    /// The length of each value in bytes.
    public static let byteCount = 32

    /// The first value.
    public let first: [UInt8]
    /// The second value, if there are two.
    public let second: [UInt8]?

    /// Takes values, or refuses them with `nil` when one does not have 32 bytes.
    public init?(first: [UInt8], second: [UInt8]? = nil) {
        guard first.count == Self.byteCount, second?.count ?? Self.byteCount == Self.byteCount else { return nil }
        self.first = first
        self.second = second
    }

    /// Takes `first ‖ second?` apart, as `hmac-secret` carries them; `nil` when there are neither 32 nor 64 bytes.
    public init?(concatenated bytes: [UInt8]) {
        guard bytes.count == Self.byteCount || bytes.count == 2 * Self.byteCount else { return nil }
        first = Array(bytes.prefix(Self.byteCount))
        second = bytes.count == Self.byteCount ? nil : Array(bytes.dropFirst(Self.byteCount))
    }

    private init(_ first: [UInt8], _ second: [UInt8]?) {
        self.first = first
        self.second = second
    }

    /// What the pseudo-random function with a key makes of these salts: HMAC-SHA-256 of each (CTAP 2.3 §12, hmac-secret).
    package func evaluated(by credRandom: SymmetricKey) -> PRFValues {
        func evaluate(_ salt: [UInt8]) -> [UInt8] {
            Array(HMAC<SHA256>.authenticationCode(for: salt, using: credRandom))
        }
        return PRFValues(evaluate(first), second.map(evaluate))
    }

    /// `first ‖ second?`.
    public var concatenated: [UInt8] { first + (second ?? []) }

    /// Reads `{"first": bstr[32], "second"?: bstr[32]}`, as phones carry them.
    ///
    /// - Throws: CTAP2_ERR_CBOR_UNEXPECTED_TYPE for another type, CTAP2_ERR_MISSING_PARAMETER without `first`,
    ///   CTAP1_ERR_INVALID_PARAMETER for another length.
    public init(ctap item: CBORValue) throws(CTAPStatus) {
        let map = try Member.map(item)
        let second = try Member.optional("second", in: map, Member.bytes)
        guard let first = try Member.optional("first", in: map, Member.bytes) else { throw .missingParameter }
        guard let values = PRFValues(first: first, second: second) else { throw .invalidParameter }
        self = values
    }

    /// The map.
    public var ctap: CBORValue {
        var map = CBORMap()
        map["first"] = .bytes(first)
        map["second"] = second.map(CBORValue.bytes)
        return .map(map)
    }
}

extension PRFValues: CustomStringConvertible, CustomReflectable {
    /// The number only: pages encrypt with what comes out.
    public var description: String { second == nil ? "one PRF value" : "two PRF values" }
    /// No children, so that dumping a value that holds this one shows nothing either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
