import CBOR
public import WebAuthnModel

/// The data of a successful authenticatorCredentialManagement (CTAP 2.3 §6.8).
///
/// | key | member | type |
/// |---|---|---|
/// | 1 | existingResidentCredentialsCount | uint, optional |
/// | 2 | maxPossibleRemainingResidentCredentialsCount | uint, optional |
/// | 3 | rp | map, optional |
/// | 4 | rpIDHash | bstr, optional |
/// | 5 | totalRPs | uint, optional |
/// | 6 | user | map, optional |
/// | 7 | credentialID | map, optional |
/// | 8 | publicKey | COSE_Key, optional |
/// | 9 | totalCredentials | uint, optional |
/// | 10 | credProtect | uint, optional |
/// | 11 | largeBlobKey | bstr, optional |
/// | 12 | thirdPartyPayment | bool, optional |
public struct CredentialManagementResponse: Hashable, Sendable {
    /// How many discoverable credentials there are.
    public var existingCount: UInt64?
    /// How many more may fit.
    public var remainingCount: UInt64?
    /// A relying party.
    public var relyingParty: PublicKeyCredentialRelyingPartyEntity?
    /// SHA-256 of its RP ID.
    public var relyingPartyIDHash: [UInt8]?
    /// How many relying parties there are.
    public var totalRelyingParties: UInt64?
    /// The account of a credential.
    public var user: PublicKeyCredentialUserEntity?
    /// The credential.
    public var credential: PublicKeyCredentialDescriptor?
    /// Its public key.
    public var publicKey: COSEKey?
    /// How many credentials there are for the relying party.
    public var totalCredentials: UInt64?
    /// How the credential is protected.
    public var credentialProtection: UInt64?
    /// The key for its large blob.
    public var largeBlobKey: [UInt8]?
    /// Whether it may be used for payments by others.
    public var isThirdPartyPaymentEnabled: Bool?

    /// Nothing yet.
    public init() {}

    /// Reads the data of a response; what is thrown names the kind of defect.
    public init(data: [UInt8]) throws(CTAPStatus) {
        let map = try ParameterMap(data)
        existingCount = try map.optional(1, Member.unsigned)
        remainingCount = try map.optional(2, Member.unsigned)
        relyingParty = try map.optional(3, PublicKeyCredentialRelyingPartyEntity.init(ctap:))
        relyingPartyIDHash = try map.optional(4, Member.bytes)
        totalRelyingParties = try map.optional(5, Member.unsigned)
        user = try map.optional(6, PublicKeyCredentialUserEntity.init(ctap:))
        credential = try map.optional(7, PublicKeyCredentialDescriptor.init(ctap:))
        publicKey = try map.optional(8) { (item) throws(CTAPStatus) in
            do throws(COSEKeyError) { return try COSEKey(item) } catch { throw .cborUnexpectedType }
        }
        totalCredentials = try map.optional(9, Member.unsigned)
        credentialProtection = try map.optional(10, Member.unsigned)
        largeBlobKey = try map.optional(11, Member.bytes)
        isThirdPartyPaymentEnabled = try map.optional(12, Member.boolean)
    }

    /// The successful response that carries this data.
    public var response: CTAPResponse {
        var map = CBORMap()
        map[1] = existingCount.map(CBORValue.unsigned)
        map[2] = remainingCount.map(CBORValue.unsigned)
        map[3] = relyingParty?.ctap
        map[4] = relyingPartyIDHash.map(CBORValue.bytes)
        map[5] = totalRelyingParties.map(CBORValue.unsigned)
        map[6] = user?.ctap
        map[7] = credential?.ctap
        map[8] = publicKey?.cbor
        map[9] = totalCredentials.map(CBORValue.unsigned)
        map[10] = credentialProtection.map(CBORValue.unsigned)
        map[11] = largeBlobKey.map(CBORValue.bytes)
        map[12] = isThirdPartyPaymentEnabled.map(CBORValue.boolean)
        return CTAPResponse(.success, data: CBOREncoder.encode(.map(map)))
    }
}

extension CredentialManagementResponse: CustomStringConvertible, CustomReflectable {
    /// The kind only: a largeBlobKey is a secret.
    public var description: String { "credential management response" }
    /// No children, so that dumping a value that holds this one shows nothing either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
