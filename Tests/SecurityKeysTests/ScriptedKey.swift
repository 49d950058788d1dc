import CBOR
import CTAP
import Crypto
import HIDTransport
import SecurityKeys
import Synchronization
import WebAuthnModel

/// A small authenticator for libfido2 to operate: one ES256 key, any number of accounts, answers that tests choose.
final class ScriptedKey: CTAPAuthenticator {
    /// What makeCredential and getAssertion do.
    enum Behaviour: Sendable {
        case approve
        case status(CTAPStatus)
        case waitForCancellation
        case garbage
    }

    static let relyingPartyID = "portal.example"
    let behaviour: Behaviour
    let accountCount: Int
    let attestation: AttestationFormat
    let algorithms: [COSEAlgorithm]
    let key = P256.Signing.PrivateKey()
    private let state = Mutex<[CTAPRequest]>([])
    private let remaining = Mutex(0)

    init(
        _ behaviour: Behaviour = .approve, accountCount: Int = 1, attestation: AttestationFormat = .packed,
        algorithms: [COSEAlgorithm] = [.es256]
    ) {
        self.behaviour = behaviour
        self.accountCount = accountCount
        self.attestation = attestation
        self.algorithms = algorithms
    }

    /// All requests but getInfo.
    var requests: [CTAPRequest] { state.withLock { $0 } }

    var publicKey: COSEKey {
        let point = key.publicKey.rawRepresentation
        return .ec2(algorithm: .es256, curve: .p256, x: Array(point.prefix(32)), y: Array(point.suffix(32)))
    }

    static let info = AuthenticatorInfo(
        versions: ["FIDO_2_0", "FIDO_2_1"], extensions: ["credProtect"], aaguid: .zero,
        options: ["rk": true, "up": true, "uv": true], maximumMessageSize: 1200, maximumCredentialCountInList: 8,
        maximumCredentialIDLength: 64, transports: [.usb], firmwareVersion: 7)

    func respond(to request: CTAPRequest, in context: CTAPRequestContext) async -> CTAPResponse {
        if request.command == .getInfo {
            var info = ScriptedKey.info
            info.algorithms = algorithms.map(PublicKeyCredentialParameters.init)
            return info.response
        }
        state.withLock { $0.append(request) }
        switch behaviour {
        case .approve: break
        case .status(let status): return CTAPResponse(status)
        case .garbage: return CTAPResponse(.success, data: [0xA1, 0x01])
        case .waitForCancellation:
            context.report(.userPresenceNeeded)
            let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
            // Ends when the task is cancelled.
            for await _ in stream {}
            continuation.finish()
            return CTAPResponse(.keepaliveCancel)
        }
        do {
            switch request.command {
            case .makeCredential: return try makeCredential(MakeCredentialRequest(parameters: request.parameters))
            case .getAssertion:
                remaining.withLock { $0 = accountCount - 1 }
                hash.withLock { $0 = [] }
                return try getAssertion(GetAssertionRequest(parameters: request.parameters))
            case .getNextAssertion:
                let number = remaining.withLock { remaining in
                    remaining -= 1
                    return accountCount - 1 - remaining
                }
                return try assertion(hash.withLock { $0 }, account: number)
            default: return CTAPResponse(.invalidCommand)
            }
        } catch let status as CTAPStatus {
            return CTAPResponse(status)
        } catch {
            return CTAPResponse(.other)
        }
    }

    private let hash = Mutex<[UInt8]>([])

    private func data(flags: AuthenticatorData.Flags, _ attested: AttestedCredentialData?) -> [UInt8] {
        AuthenticatorData(
            relyingPartyIDHash: Array(SHA256.hash(data: Array(ScriptedKey.relyingPartyID.utf8))),
            flags: flags, signatureCounter: 1, attestedCredentialData: attested
        ).encoded
    }

    private func makeCredential(_ request: MakeCredentialRequest) throws -> CTAPResponse {
        let authenticatorData = data(
            flags: [.userPresent, .userVerified],
            AttestedCredentialData(aaguid: .zero, credentialID: [1, 2, 3, 4], publicKey: publicKey))
        var statement = CBORMap()
        if attestation == .packed {
            statement["alg"] = -7
            let signature = try key.signature(for: authenticatorData + request.clientDataHash)
            statement["sig"] = .bytes(Array(signature.derRepresentation))
        }
        return MakeCredentialResponse(
            format: attestation, authenticatorData: authenticatorData, statement: statement
        ).response
    }

    private func getAssertion(_ request: GetAssertionRequest) throws -> CTAPResponse {
        hash.withLock { $0 = request.clientDataHash }
        return try assertion(request.clientDataHash, account: 0)
    }

    private func assertion(_ clientDataHash: [UInt8], account: Int) throws -> CTAPResponse {
        let authenticatorData = data(flags: [.userPresent, .userVerified], nil)
        let signature = try key.signature(for: authenticatorData + clientDataHash)
        return GetAssertionResponse(
            credential: PublicKeyCredentialDescriptor(id: [1, 2, 3, UInt8(account)]),
            authenticatorData: authenticatorData, signature: Array(signature.derRepresentation),
            user: PublicKeyCredentialUserEntity(id: [UInt8(account + 1)], name: "user \(account)", displayName: nil),
            numberOfCredentials: account == 0 && accountCount > 1 ? UInt64(accountCount) : nil
        ).response
    }
}

/// Serves an authenticator over a pipe and lets libfido2 operate it.
func withLibFIDO2(
    _ authenticator: any CTAPAuthenticator, _ body: @Sendable (LibFIDO2Device) async throws -> Void
) async throws {
    let pipe = InProcessHIDPipe()
    let server = CTAPHIDServer(authenticator: authenticator, channel: pipe.deviceEnd)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        let device = try await LibFIDO2Device.open(pipe.hostEnd)
        try await body(device)
        await device.close()
        // The server ends because closing the device closes the pipe.
        try await group.waitForAll()
    }
}

/// A request like a browser's.
func makeCredentialRequest(
    algorithms: [COSEAlgorithm] = [.es256], options: AuthenticatorOptions = AuthenticatorOptions(discoverable: true),
    excluded: [[UInt8]] = []
) -> MakeCredentialRequest {
    MakeCredentialRequest(
        clientDataHash: Array(SHA256.hash(data: Array("client data".utf8))),
        relyingParty: PublicKeyCredentialRelyingPartyEntity(id: ScriptedKey.relyingPartyID, name: "Portal"),
        user: PublicKeyCredentialUserEntity(id: [9, 8, 7], name: "hanako", displayName: "山田花子"),
        pubKeyCredParams: algorithms.map(PublicKeyCredentialParameters.init),
        excludeList: excluded.isEmpty ? nil : excluded.map { PublicKeyCredentialDescriptor(id: $0) },
        options: options)
}
