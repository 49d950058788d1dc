public import CBOR

/// An attestation statement format identifier (IANA WebAuthn registries).
public struct AttestationFormat: RawRepresentable, Hashable, Sendable {
    /// The registered name.
    public let rawValue: String

    /// Any name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// No attestation.
    public static let none = AttestationFormat(rawValue: "none")
    /// Packed attestation (WebAuthn Level 3 §8.2).
    public static let packed = AttestationFormat(rawValue: "packed")
    /// Attestation of a TPM (§8.3).
    public static let tpm = AttestationFormat(rawValue: "tpm")
    /// Android key attestation (§8.4).
    public static let androidKey = AttestationFormat(rawValue: "android-key")
    /// Android SafetyNet attestation (§8.5).
    public static let androidSafetyNet = AttestationFormat(rawValue: "android-safetynet")
    /// Attestation of a U2F authenticator (§8.6).
    public static let fidoU2F = AttestationFormat(rawValue: "fido-u2f")
    /// Apple's anonymous attestation (§8.8).
    public static let apple = AttestationFormat(rawValue: "apple")
    /// Several attestations in one (§8.9).
    public static let compound = AttestationFormat(rawValue: "compound")
}

/// What a new credential is registered with (WebAuthn Level 3 §6.5): `{"fmt": …, "attStmt": …, "authData": …}`.
public struct AttestationObject: Hashable, Sendable {
    /// The format of the statement.
    public var format: AttestationFormat
    /// The statement as its format defines it: a map, or the array of statements of a compound one.
    public var statement: CBORValue
    /// The authenticator data exactly as it was signed.
    public var authenticatorData: [UInt8]

    /// Levels of nesting that an attestation object may have: certificates sit one level deeper than CTAP's four when
    /// a compound statement (§8.9) holds other statements.
    public static let maximumDepth = 6

    /// Puts the parts together, with a statement that is a map as in all formats but one.
    public init(format: AttestationFormat, statement: CBORMap, authenticatorData: [UInt8]) {
        self.init(format: format, statement: .map(statement), authenticatorData: authenticatorData)
    }

    /// Puts the parts together.
    public init(format: AttestationFormat, statement: CBORValue, authenticatorData: [UInt8]) {
        self.format = format
        self.statement = statement
        self.authenticatorData = authenticatorData
    }

    /// The canonical CBOR.
    public var encoded: [UInt8] {
        CBOREncoder.encode([
            "fmt": .text(format.rawValue), "attStmt": statement, "authData": .bytes(authenticatorData),
        ])
    }

    /// Reads canonical CBOR with exactly these three members.
    public init(decoding bytes: [UInt8]) throws(AttestationObjectError) {
        let item: CBORValue
        do throws(CBORError) {
            item = try CBORDecoder.decode(bytes, maximumDepth: AttestationObject.maximumDepth)
        } catch {
            throw .encoding(error)
        }
        guard let map = item.map else { throw .notAMap }
        guard let format = map["fmt"]?.text else { throw .member("fmt") }
        guard let statement = map["attStmt"], statement.map != nil || statement.array != nil else {
            throw .member("attStmt")
        }
        guard let authenticatorData = map["authData"]?.bytes else { throw .member("authData") }
        self.init(
            format: AttestationFormat(rawValue: format), statement: statement, authenticatorData: authenticatorData)
    }
}

/// Why bytes were refused as an attestation object.
public enum AttestationObjectError: Error, Hashable, Sendable {
    /// Not canonical CBOR.
    case encoding(CBORError)
    /// Not a map.
    case notAMap
    /// A member is missing or has the wrong type.
    case member(String)
}

extension AttestationObjectError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .encoding(let error): "the attestation object cannot be decoded: \(error)"
        case .notAMap: "the attestation object is not a CBOR map"
        case .member(let name): "member \(name) of the attestation object is missing or has the wrong type"
        }
    }
}
