import CBOR

/// The data of a successful authenticatorBioEnrollment (CTAP 2.3 §6.7).
///
/// | key | member | type |
/// |---|---|---|
/// | 1 | modality | uint, optional |
/// | 2 | fingerprintKind | uint, optional |
/// | 3 | maxCaptureSamplesRequiredForEnroll | uint, optional |
/// | 4 | templateId | bstr, optional |
/// | 5 | lastEnrollSampleStatus | uint, optional |
/// | 6 | remainingSamples | uint, optional |
/// | 7 | templateInfos | array of {1: id, 2: friendlyName}, optional |
/// | 8 | maxTemplateFriendlyName | uint, optional |
public struct BioEnrollmentResponse: Hashable, Sendable {
    /// An enrolled finger.
    public struct Template: Hashable, Sendable {
        /// Its identifier.
        public var id: [UInt8]
        /// Its name.
        public var friendlyName: String?

        /// Puts the parts together.
        public init(id: [UInt8], friendlyName: String?) {
            self.id = id
            self.friendlyName = friendlyName
        }
    }

    /// The kind of sensor.
    public var modality: UInt64?
    /// 1 for a sensor that is touched, 2 for one over which a finger is swiped.
    public var fingerprintKind: UInt64?
    /// How many good samples make a template.
    public var maximumSamples: UInt64?
    /// The finger that is being enrolled.
    public var templateID: [UInt8]?
    /// How good the last sample was.
    public var lastSampleStatus: UInt64?
    /// How many good samples are still needed.
    public var remainingSamples: UInt64?
    /// The enrolled fingers.
    public var templates: [Template]?
    /// The longest friendly name in bytes.
    public var maximumFriendlyNameByteCount: UInt64?

    /// Nothing yet.
    public init() {}

    /// Reads the data of a response; what is thrown names the kind of defect.
    public init(data: [UInt8]) throws(CTAPStatus) {
        let map = try ParameterMap(data)
        modality = try map.optional(1, Member.unsigned)
        fingerprintKind = try map.optional(2, Member.unsigned)
        maximumSamples = try map.optional(3, Member.unsigned)
        templateID = try map.optional(4, Member.bytes)
        lastSampleStatus = try map.optional(5, Member.unsigned)
        remainingSamples = try map.optional(6, Member.unsigned)
        templates = try map.optional(
            7,
            Member.array { (item) throws(CTAPStatus) in
                let entry = try Member.map(item)
                return Template(
                    id: try Member.unwrap(try Member.optional(1, in: entry, Member.bytes)),
                    friendlyName: try Member.optional(2, in: entry, Member.text))
            })
        maximumFriendlyNameByteCount = try map.optional(8, Member.unsigned)
    }

    /// The successful response that carries this data.
    public var response: CTAPResponse {
        var map = CBORMap()
        map[1] = modality.map(CBORValue.unsigned)
        map[2] = fingerprintKind.map(CBORValue.unsigned)
        map[3] = maximumSamples.map(CBORValue.unsigned)
        map[4] = templateID.map(CBORValue.bytes)
        map[5] = lastSampleStatus.map(CBORValue.unsigned)
        map[6] = remainingSamples.map(CBORValue.unsigned)
        map[7] = templates.map { templates in
            .array(
                templates.map { template in
                    var entry = CBORMap()
                    entry[1] = .bytes(template.id)
                    entry[2] = template.friendlyName.map(CBORValue.text)
                    return .map(entry)
                })
        }
        map[8] = maximumFriendlyNameByteCount.map(CBORValue.unsigned)
        return CTAPResponse(.success, data: CBOREncoder.encode(.map(map)))
    }
}
