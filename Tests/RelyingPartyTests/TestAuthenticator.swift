import CBOR
import Crypto
import FoundationEssentials
import RelyingParty
import TestSupport
import WebAuthnModel

let testNow = Date(timeIntervalSince1970: 1_800_000_000)
let testUserHandle: [UInt8] = [1, 2, 3, 4]
let testAAGUID = AAGUID([UInt8](1...16)) ?? .zero

/// The relying party of most tests.
func makeRelyingParty(
    topOrigins: Set<String> = [], algorithms: [COSEAlgorithm] = WebAuthnRelyingParty.supportedAlgorithms,
    attestation: AttestationConveyance = .none, policy: AttestationPolicy = AttestationPolicy(),
    userVerification: Requirement = .required
) throws -> WebAuthnRelyingParty {
    try WebAuthnRelyingParty(
        id: "portal.example", name: "Portal", origins: ["https://portal.example", "https://login.portal.example:8443"],
        topOrigins: topOrigins, algorithms: algorithms, attestation: attestation, attestationPolicy: policy,
        userVerification: userVerification)
}

extension WebAuthnRelyingParty {
    /// A registration ceremony with a fixed challenge.
    func registration(_ seed: UInt64 = 1) -> Ceremony {
        var generator = SeededGenerator(seed: seed)
        return registrationOptions(
            for: PublicKeyCredentialUserEntity(id: testUserHandle, name: "taro"), excluding: [], now: testNow,
            using: &generator
        ).ceremony
    }

    /// An authentication ceremony with a fixed challenge.
    func authentication(
        for userHandle: [UInt8]? = nil, allowing records: [CredentialRecord] = [], _ seed: UInt64 = 2
    ) -> Ceremony {
        var generator = SeededGenerator(seed: seed)
        return authenticationOptions(for: userHandle, allowing: records, now: testNow, using: &generator).ceremony
    }
}

/// Client and authenticator in one, every part of whose answers a test can spoil.
struct TestAuthenticator {
    var key: TestKey
    var credentialID = [UInt8](repeating: 0xC1, count: 32)
    var relyingPartyID = "portal.example"
    var origin = "https://portal.example"
    var crossOrigin: Bool? = false
    var topOrigin: String?
    var type: String?
    var challenge: [UInt8]?
    var flags: AuthenticatorData.Flags = [.userPresent, .userVerified]
    var counter: UInt32 = 0
    var userHandle: [UInt8]? = testUserHandle
    var aaguid = testAAGUID
    /// Changes the authenticator data before it is signed.
    var changeAuthenticatorData: @Sendable ([UInt8]) -> [UInt8] = { $0 }
    /// Makes format and statement from the signed bytes.
    var attest: @Sendable (_ signedBytes: [UInt8]) throws -> (AttestationFormat, CBORMap) = { _ in (.none, CBORMap()) }

    init(_ algorithm: COSEAlgorithm = .es256) throws { key = try TestKey.make(algorithm) }

    func clientData(_ ceremony: Ceremony, type: String) -> [UInt8] {
        CollectedClientData(
            type: self.type ?? type, challenge: challenge ?? ceremony.challenge.bytes, origin: origin,
            crossOrigin: crossOrigin, topOrigin: topOrigin
        ).encoded
    }

    func authenticatorData(with attested: AttestedCredentialData? = nil) -> AuthenticatorData {
        AuthenticatorData(
            relyingPartyIDHash: Array(SHA256.hash(data: Array(relyingPartyID.utf8))), flags: flags,
            signatureCounter: counter, attestedCredentialData: attested)
    }

    func register(_ ceremony: Ceremony) throws -> RegistrationResponse {
        let clientData = clientData(ceremony, type: CollectedClientData.createType)
        let attested = AttestedCredentialData(
            aaguid: aaguid, credentialID: credentialID, publicKey: try key.coseKey())
        let data = changeAuthenticatorData(authenticatorData(with: attested).encoded)
        let (format, statement) = try attest(data + Array(SHA256.hash(data: clientData)))
        let object = AttestationObject(format: format, statement: statement, authenticatorData: data)
        return RegistrationResponse(
            credentialID: credentialID,
            response: .init(
                clientDataJSON: clientData, transports: [.internal, .hybrid], attestationObject: object.encoded),
            authenticatorAttachment: "platform",
            clientExtensionResults: ["credProps": .object(["rk": .boolean(true)])])
    }

    func authenticate(_ ceremony: Ceremony) throws -> AuthenticationResponse {
        let clientData = clientData(ceremony, type: CollectedClientData.getType)
        let data = changeAuthenticatorData(authenticatorData().encoded)
        let signature = try key.sign(data + Array(SHA256.hash(data: clientData)))
        return AuthenticationResponse(
            credentialID: credentialID,
            response: .init(
                clientDataJSON: clientData, authenticatorData: data, signature: signature, userHandle: userHandle),
            authenticatorAttachment: "platform")
    }
}
