public import CBOR

/// The parameters of authenticatorConfig (CTAP 2.3 §6.11).
///
/// | key | member | type |
/// |---|---|---|
/// | 1 | subCommand | uint |
/// | 2 | subCommandParams | map, optional |
/// | 3 | pinUvAuthProtocol | uint, optional |
/// | 4 | pinUvAuthParam | bstr, optional |
public struct ConfigRequest: Hashable, Sendable {
    /// What to do.
    public enum Subcommand: UInt64, Hashable, Sendable {
        /// enableEnterpriseAttestation.
        case enableEnterpriseAttestation = 0x01
        /// toggleAlwaysUv.
        case toggleAlwaysUV = 0x02
        /// setMinPINLength.
        case setMinimumPINLength = 0x03
        /// enableLongTouchForReset.
        case enableLongTouchForReset = 0x04
    }

    /// The parameters of setMinPINLength.
    public struct MinimumPINLength: Hashable, Sendable {
        /// Member 1: newMinPINLength, in code points.
        public var length: UInt64?
        /// Member 2: minPinLengthRPIDs.
        public var relyingPartyIDs: [String]?
        /// Member 3: forceChangePin.
        public var forcesChange: Bool?
        /// Member 4: pinComplexityPolicy.
        public var complexityPolicy: Bool?
    }

    /// The number of the subcommand.
    public var subcommand: UInt64
    /// Its parameters, as they came.
    public var parameters: CBORMap?
    /// The number of the PIN/UV auth protocol.
    public var pinUVAuthProtocol: UInt64?
    /// The proof that the platform holds a token.
    public var pinUVAuthParam: [UInt8]?

    /// Puts the usual parts together.
    public init(_ subcommand: UInt64, parameters: CBORMap? = nil) {
        self.subcommand = subcommand
        self.parameters = parameters
    }

    /// Reads the parameters; what is thrown is the status to answer with.
    public init(parameters: [UInt8]) throws(CTAPStatus) {
        let map = try ParameterMap(parameters, keyOrder: .canonical)
        self.init(try map.required(1, Member.unsigned), parameters: try map.optional(2, Member.map))
        pinUVAuthProtocol = try map.optional(3, Member.unsigned)
        pinUVAuthParam = try map.optional(4, Member.bytes)
    }

    /// The request that carries these parameters.
    public var request: CTAPRequest {
        var map = CBORMap()
        map[1] = .unsigned(subcommand)
        map[2] = parameters.map(CBORValue.map)
        map[3] = pinUVAuthProtocol.map(CBORValue.unsigned)
        map[4] = pinUVAuthParam.map(CBORValue.bytes)
        return CTAPRequest(.config, parameters: CBOREncoder.encode(.map(map)))
    }

    /// What the proof is computed over: `32 × FF ‖ 0D ‖ subcommand`, and its parameters as they came.
    public var authenticatedMessage: [UInt8] {
        [UInt8](repeating: 0xFF, count: 32) + [0x0D, UInt8(truncatingIfNeeded: subcommand)]
            + (parameters.map { CBOREncoder.encode(.map($0)) } ?? [])
    }

    /// The parameters of setMinPINLength; all are optional.
    public func minimumPINLength() throws(CTAPStatus) -> MinimumPINLength {
        let map = parameters ?? CBORMap()
        return MinimumPINLength(
            length: try Member.optional(1, in: map, Member.unsigned),
            relyingPartyIDs: try Member.optional(2, in: map, Member.textArray),
            forcesChange: try Member.optional(3, in: map, Member.boolean),
            complexityPolicy: try Member.optional(4, in: map, Member.boolean))
    }
}
