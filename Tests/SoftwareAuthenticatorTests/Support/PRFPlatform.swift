import CBOR
import CTAP
import SoftwareAuthenticator
import TestSupport
import WebAuthnModel

/// A platform's part in `hmac-secret`: agrees on a secret with the bench's authenticator, encrypts salts, decrypts results.
struct PRFPlatform {
    let keyAgreement: KeyAgreementPublicKey
    let sharedSecret: PINUVAuthSharedSecret
    private var generator = SeededGenerator(seed: 99)

    init(_ bench: Bench, _ pinUVAuthProtocol: PINUVAuthProtocol) async throws {
        let request = ClientPINRequest(.getKeyAgreement, pinUVAuthProtocol: pinUVAuthProtocol.rawValue)
        let response = await bench.respond(request.request)
        guard response.status == .success, let key = try ClientPINResponse(data: response.data).keyAgreement else {
            throw PRFPlatformError.noKeyAgreement(response.status)
        }
        (keyAgreement, sharedSecret) = try key.encapsulate(pinUVAuthProtocol, using: &generator)
    }

    /// The extension's input.
    mutating func input(_ salts: PRFValues) throws -> HMACSecretInput {
        try HMACSecretInput(salts, keyAgreement: keyAgreement, sharedSecret: sharedSecret, using: &generator)
    }

    /// What the extension's output holds.
    func results(_ assertion: GetAssertionResponse) throws -> PRFValues {
        let extensions = try AuthenticatorData(decoding: assertion.authenticatorData).extensions
        guard let output = extensions?["hmac-secret"]?.bytes,
            let results = PRFValues(concatenated: try sharedSecret.decrypt(output))
        else { throw PRFPlatformError.noOutput }
        return results
    }
}

enum PRFPlatformError: Error { case noKeyAgreement(CTAPStatus), noOutput }

extension Bench {
    /// Salts that are easily told apart.
    static func salts(_ first: UInt8, _ second: UInt8? = nil) throws -> PRFValues {
        guard
            let salts = PRFValues(
                first: [UInt8](repeating: first, count: 32),
                second: second.map { [UInt8](repeating: $0, count: 32) })
        else { throw PRFPlatformError.noOutput }
        return salts
    }

    /// A map with one entry.
    static func extensions(_ identifier: String, _ input: CBORValue) -> CBORMap {
        var map = CBORMap()
        map[.text(identifier)] = input
        return map
    }

    /// The one assertion with an extension's input.
    func assertion(
        _ identifier: String, _ input: CBORValue, allowList: [[UInt8]]? = nil, userVerification: Bool? = nil
    ) async throws -> GetAssertionResponse {
        var request = Bench.authentication(allowList: allowList, userVerification: userVerification)
        request.extensions = Bench.extensions(identifier, input)
        return try await client.getAssertions(request)[0]
    }

    /// What a security key makes of salts, with a secret agreed on anew.
    func hmacSecret(
        _ salts: PRFValues, _ pinUVAuthProtocol: PINUVAuthProtocol = .two, allowList: [[UInt8]]? = nil,
        userVerification: Bool? = nil
    ) async throws -> PRFValues {
        var platform = try await PRFPlatform(self, pinUVAuthProtocol)
        let assertion = try await assertion(
            "hmac-secret", try platform.input(salts).ctap, allowList: allowList, userVerification: userVerification)
        return try platform.results(assertion)
    }

    /// What a phone makes of salts.
    func prf(_ input: PRFInput, allowList: [[UInt8]]? = nil) async throws -> PRFValues? {
        let assertion = try await assertion("prf", input.ctap, allowList: allowList)
        return try assertion.unsignedExtensionOutputs?["prf"].map(PRFOutput.init(ctap:))?.results
    }

    /// The credential of `Tests/Peers/prf_vectors.py`, put into the store as an earlier version would have left it.
    func storeVectorCredential() async throws {
        try store.save(
            CredentialSource(
                id: [0x11], relyingPartyID: Bench.relyingPartyID, userHandle: [1],
                privateKey: CredentialPrivateKey(
                    algorithm: .es256, rawRepresentation: SecretBytes([UInt8](0x81...0xA0))), isDiscoverable: true))
    }
}

/// What that credential makes of the salts A5… and 5A…, computed by `Tests/Peers/prf_vectors.py`.
enum PRFVectors {
    static let verified = [
        "afa4c9a9100e17fa29889282e12a9d9eb61ce91badcf978adb15e4900c113200",
        "b5661a65239ffca41fc6c05cafd55415eced21846afefb5e05756a0e8de06f4d",
    ]
    static let present = [
        "734d0d689fb45b7394d1a72f1c2eee410659df07db9348036cb05ca1fd88ecbb",
        "6ceeb24d53059a9b74dd41f90d37d6c82a8a7821f88cf11fc18a971d04dbdba2",
    ]
}
