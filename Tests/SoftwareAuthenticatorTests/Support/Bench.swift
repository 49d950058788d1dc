import CBOR
import CTAP
import Crypto
import Foundation
import SoftwareAuthenticator
import TestSupport
import WebAuthnModel

/// An authenticator with everything around it in a test's hands.
struct Bench {
    let clock = ManualClock()
    let store: MemoryCredentialStore
    let authenticator: Authenticator
    let client: DirectCTAPClient

    init(
        _ flavour: Flavour = .platform, gate: any BiometricGate = ApprovingGate(), attestation: Attestation? = nil,
        verifiesUser: Bool? = nil, profile: Profile = .ctap23, resetWindow: Duration? = .seconds(10),
        configure: (inout Authenticator.Configuration) -> Void = { _ in },
        store: MemoryCredentialStore = MemoryCredentialStore(), asked: (any CredentialStore)? = nil, seed: UInt64 = 1,
        reportFailure: @escaping @Sendable (any Error) -> Void = { _ in }
    ) {
        self.store = store
        var configuration = Authenticator.Configuration(
            flavour: flavour, profile: profile, attestation: attestation, verifiesUser: verifiesUser,
            resetWindow: resetWindow)
        configure(&configuration)
        authenticator = Authenticator(
            configuration: configuration, store: asked ?? store, gate: gate, randomness: SeededGenerator(seed: seed),
            clock: clock,
            reportFailure: reportFailure)
        client = DirectCTAPClient(authenticator)
    }

    static let clientDataHash = [UInt8](repeating: 0xCD, count: 32)
    static let relyingPartyID = "manual.example"

    /// A request with the usual members.
    static func registration(
        user: [UInt8] = [1, 2, 3], relyingPartyID: String = relyingPartyID, algorithms: [COSEAlgorithm] = [.es256],
        discoverable: Bool? = nil, userVerification: Bool? = nil,
        excludeList: [PublicKeyCredentialDescriptor]? = nil
    ) -> MakeCredentialRequest {
        MakeCredentialRequest(
            clientDataHash: clientDataHash,
            relyingParty: PublicKeyCredentialRelyingPartyEntity(id: relyingPartyID, name: "The Manual"),
            user: PublicKeyCredentialUserEntity(id: user, name: "mina", displayName: "Mina M."),
            pubKeyCredParams: algorithms.map { PublicKeyCredentialParameters($0) }, excludeList: excludeList,
            options: AuthenticatorOptions(discoverable: discoverable, userVerification: userVerification))
    }

    /// A request with the usual members.
    static func authentication(
        relyingPartyID: String = relyingPartyID, allowList: [[UInt8]]? = nil, userVerification: Bool? = nil,
        userPresence: Bool? = nil
    ) -> GetAssertionRequest {
        GetAssertionRequest(
            relyingPartyID: relyingPartyID, clientDataHash: clientDataHash,
            allowList: allowList.map { $0.map { PublicKeyCredentialDescriptor(id: $0) } },
            options: AuthenticatorOptions(userPresence: userPresence, userVerification: userVerification))
    }

    /// The response to a request.
    func respond(
        _ request: CTAPRequest, transport: CTAPRequestContext.Transport = .inProcess
    ) async -> CTAPResponse {
        await authenticator.respond(to: request, in: CTAPRequestContext(transport: transport))
    }

    /// The status of the response to a request.
    func status(
        _ request: CTAPRequest, transport: CTAPRequestContext.Transport = .inProcess
    ) async -> CTAPStatus {
        await respond(request, transport: transport).status
    }

    /// Makes a credential and takes the response apart.
    func register(_ request: MakeCredentialRequest) async throws -> Registered {
        let response = try await client.makeCredential(request)
        let data = try AuthenticatorData(decoding: response.authenticatorData)
        guard let attested = data.attestedCredentialData else { throw BenchError.noCredential }
        return Registered(response: response, data: data, id: attested.credentialID, publicKey: attested.publicKey)
    }

    /// Registers discoverable accounts, in this order.
    func register(accounts: [[UInt8]]) async throws -> [Registered] {
        var registered: [Registered] = []
        for account in accounts {
            registered.append(
                try await register(Bench.registration(user: account, discoverable: true, userVerification: true)))
        }
        return registered
    }
}

enum BenchError: Error { case noCredential, notAnEllipticCurveKey }

/// A new credential, taken apart.
struct Registered {
    let response: MakeCredentialResponse
    let data: AuthenticatorData
    let id: [UInt8]
    let publicKey: COSEKey
}

/// Whether a signature over authenticator data and the bench's client data hash is the key's; done with Crypto alone.
func isValid(_ signature: [UInt8], over authenticatorData: [UInt8], by key: COSEKey) throws -> Bool {
    let message = authenticatorData + Bench.clientDataHash
    switch key {
    case .ec2(_, .p256, let x, let y):
        return try P256.Signing.PublicKey(rawRepresentation: x + y).isValidSignature(
            P256.Signing.ECDSASignature(derRepresentation: signature), for: message)
    case .ec2(_, .p384, let x, let y):
        return try P384.Signing.PublicKey(rawRepresentation: x + y).isValidSignature(
            P384.Signing.ECDSASignature(derRepresentation: signature), for: message)
    case .ec2(_, .p521, let x, let y):
        return try P521.Signing.PublicKey(rawRepresentation: x + y).isValidSignature(
            P521.Signing.ECDSASignature(derRepresentation: signature), for: message)
    case .akp(_, let publicKey):
        return try MLDSA65.PublicKey(rawRepresentation: publicKey).isValidSignature(signature, for: message)
    case .okp(_, .ed25519, let x):
        return try Curve25519.Signing.PublicKey(rawRepresentation: x).isValidSignature(signature, for: message)
    default:
        throw BenchError.notAnEllipticCurveKey
    }
}
