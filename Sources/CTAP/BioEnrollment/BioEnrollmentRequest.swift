public import CBOR

/// The parameters of authenticatorBioEnrollment (CTAP 2.3 §6.7).
///
/// | key | member | type |
/// |---|---|---|
/// | 1 | modality | uint, optional |
/// | 2 | subCommand | uint, optional |
/// | 3 | subCommandParams | map, optional |
/// | 4 | pinUvAuthProtocol | uint, optional |
/// | 5 | pinUvAuthParam | bstr, optional |
/// | 6 | getModality | bool, optional |
public struct BioEnrollmentRequest: Hashable, Sendable {
    /// What to do.
    public enum Subcommand: UInt64, Hashable, Sendable {
        /// enrollBegin.
        case enrollBegin = 0x01
        /// enrollCaptureNextSample.
        case enrollCaptureNextSample = 0x02
        /// cancelCurrentEnrollment.
        case cancelCurrentEnrollment = 0x03
        /// enumerateEnrollments.
        case enumerateEnrollments = 0x04
        /// setFriendlyName.
        case setFriendlyName = 0x05
        /// removeEnrollment.
        case removeEnrollment = 0x06
        /// getFingerprintSensorInfo.
        case getFingerprintSensorInfo = 0x07
    }

    /// The modality of fingerprints.
    public static let fingerprint: UInt64 = 0x01

    /// The kind of sensor.
    public var modality: UInt64?
    /// The number of the subcommand.
    public var subcommand: UInt64?
    /// Its parameters, as they came.
    public var parameters: CBORMap?
    /// The number of the PIN/UV auth protocol.
    public var pinUVAuthProtocol: UInt64?
    /// The proof that the platform holds a token.
    public var pinUVAuthParam: [UInt8]?
    /// Whether only the kind of sensor is asked for.
    public var asksModality: Bool?

    /// Puts the usual parts together.
    public init(modality: UInt64? = fingerprint, _ subcommand: UInt64?, parameters: CBORMap? = nil) {
        self.modality = modality
        self.subcommand = subcommand
        self.parameters = parameters
    }

    /// Reads the parameters; what is thrown is the status to answer with.
    public init(parameters: [UInt8]) throws(CTAPStatus) {
        let map = try ParameterMap(parameters, keyOrder: .canonical)
        self.init(
            modality: try map.optional(1, Member.unsigned), try map.optional(2, Member.unsigned),
            parameters: try map.optional(3, Member.map))
        pinUVAuthProtocol = try map.optional(4, Member.unsigned)
        pinUVAuthParam = try map.optional(5, Member.bytes)
        asksModality = try map.optional(6, Member.boolean)
    }

    /// The request that carries these parameters.
    public var request: CTAPRequest {
        var map = CBORMap()
        map[1] = modality.map(CBORValue.unsigned)
        map[2] = subcommand.map(CBORValue.unsigned)
        map[3] = parameters.map(CBORValue.map)
        map[4] = pinUVAuthProtocol.map(CBORValue.unsigned)
        map[5] = pinUVAuthParam.map(CBORValue.bytes)
        map[6] = asksModality.map(CBORValue.boolean)
        return CTAPRequest(.bioEnrollment, parameters: CBOREncoder.encode(.map(map)))
    }

    /// What the proof is computed over: modality and subcommand, and its parameters as they came.
    public var authenticatedMessage: [UInt8] {
        [UInt8(truncatingIfNeeded: modality ?? 0), UInt8(truncatingIfNeeded: subcommand ?? 0)]
            + (parameters.map { CBOREncoder.encode(.map($0)) } ?? [])
    }

    /// Member 1 of the parameters: templateId.
    public func templateID() throws(CTAPStatus) -> [UInt8]? {
        guard let parameters else { return nil }
        return try Member.optional(1, in: parameters, Member.bytes)
    }

    /// Member 2 of the parameters: templateFriendlyName.
    public func friendlyName() throws(CTAPStatus) -> String? {
        guard let parameters else { return nil }
        return try Member.optional(2, in: parameters, Member.text)
    }

    /// Member 3 of the parameters: timeoutMilliseconds.
    public func timeoutMilliseconds() throws(CTAPStatus) -> UInt64? {
        guard let parameters else { return nil }
        return try Member.optional(3, in: parameters, Member.unsigned)
    }
}
