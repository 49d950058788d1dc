import CBOR
import CTAP
import ClientPlatform
import Crypto
import FoundationEssentials
import Synchronization
import WebAuthnModel

let testKey: COSEKey = .okp(algorithm: .edDSA, curve: .ed25519, x: [UInt8](repeating: 9, count: 32))
let testAAGUID = AAGUID([UInt8](1...16)) ?? .zero
let testCredentialID: [UInt8] = [0xC0, 0xFF, 0xEE]

/// A CTAP client that answers from a script and remembers what it was asked.
final class ScriptedAuthenticator: CTAPClient {
    struct Script: Sendable {
        var options: [String: Bool] = ["rk": true, "uv": true]
        var transports: [AuthenticatorTransport]? = [.usb, .hybrid, .usb]
        var error: CTAPClientError?
        var infoError: CTAPClientError?
        var format = AttestationFormat.packed
        var statement: CBORMap?
        var key = testKey
        var aaguid = testAAGUID
        var hasCredential = true
        var relyingPartyID = "portal.example"
        var changeAuthenticatorData: @Sendable ([UInt8]) -> [UInt8] = { $0 }
        var assertions: [GetAssertionResponse]?
        var extensions: [String]?
        var unsigned = CBORMap()
        var maximumCount: UInt64?
        var maximumIDLength: UInt64?
        /// The credentials that it holds; any when absent.
        var held: [[UInt8]]?
    }

    struct Record: Sendable {
        var creations: [MakeCredentialRequest] = []
        var assertions: [GetAssertionRequest] = []
    }

    let script: Script
    private let state = Mutex(Record())

    init(_ script: Script = Script()) { self.script = script }

    var record: Record { state.withLock { $0 } }

    func getInfo() async throws(CTAPClientError) -> AuthenticatorInfo {
        if let error = script.infoError { throw error }
        return AuthenticatorInfo(
            versions: ["FIDO_2_1"], extensions: script.extensions, aaguid: script.aaguid, options: script.options,
            maximumCredentialCountInList: script.maximumCount, maximumCredentialIDLength: script.maximumIDLength,
            transports: script.transports)
    }

    func authenticatorData(hasCredential: Bool) -> [UInt8] {
        let data = AuthenticatorData(
            relyingPartyIDHash: Array(SHA256.hash(data: Array(script.relyingPartyID.utf8))),
            flags: [.userPresent, .userVerified], signatureCounter: 3,
            attestedCredentialData: hasCredential
                ? AttestedCredentialData(aaguid: script.aaguid, credentialID: testCredentialID, publicKey: script.key)
                : nil)
        return script.changeAuthenticatorData(data.encoded)
    }

    func makeCredential(_ request: MakeCredentialRequest) async throws(CTAPClientError) -> MakeCredentialResponse {
        state.withLock { $0.creations.append(request) }
        if let error = script.error { throw error }
        return MakeCredentialResponse(
            format: script.format, authenticatorData: authenticatorData(hasCredential: script.hasCredential),
            statement: script.statement, unsignedExtensionOutputs: script.unsigned)
    }

    func getAssertions(_ request: GetAssertionRequest) async throws(CTAPClientError) -> [GetAssertionResponse] {
        state.withLock { $0.assertions.append(request) }
        if let error = script.error { throw error }
        if let held = script.held, let allowList = request.allowList {
            guard let id = allowList.map(\.id.bytes).first(where: held.contains) else {
                throw .status(.noCredentials)
            }
            return [assertion(id: id)]
        }
        return script.assertions ?? [assertion()]
    }

    func assertion(id: [UInt8]? = testCredentialID, user: [UInt8]? = [1], selected: Bool? = nil) -> GetAssertionResponse
    {
        GetAssertionResponse(
            credential: id.map { PublicKeyCredentialDescriptor(id: $0) },
            authenticatorData: authenticatorData(hasCredential: false), signature: [0x51],
            user: user.map { PublicKeyCredentialUserEntity(id: $0) }, userSelected: selected,
            unsignedExtensionOutputs: script.unsigned)
    }
}

/// A statement of packed self attestation, with or without a certificate.
func packed(certificate: [UInt8]? = nil) -> CBORMap {
    var map = CBORMap()
    map["alg"] = -8
    map["sig"] = .bytes([1, 2, 3])
    map["x5c"] = certificate.map { .array([.bytes($0)]) }
    return map
}

func creationOptions(
    selection: AuthenticatorSelectionCriteria? = nil, attestation: String? = nil
) -> PublicKeyCredentialCreationOptions {
    PublicKeyCredentialCreationOptions(
        rp: PublicKeyCredentialRelyingPartyEntity(id: "portal.example", name: "Portal"),
        user: PublicKeyCredentialUserEntity(id: [1, 2], name: "taro", displayName: "Taro"),
        challenge: [UInt8](0..<32), pubKeyCredParams: [.init(.es256), .init(.edDSA)],
        authenticatorSelection: selection, attestation: attestation)
}

func makeClient(_ origin: String = "https://login.portal.example") throws -> WebAuthnClient {
    WebAuthnClient(origin: try WebOrigin(origin))
}
