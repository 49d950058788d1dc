import CBOR
import CTAP
import CredentialStorage
import Foundation
import SoftwareAuthenticator
import SupplementaryKeys
import TestSupport
import Testing
import WebAuthnModel

@Suite("An authenticator with algorithms of other libraries", .timeLimit(.minutes(2)))
struct AuthenticatorTests {
    static let clientDataHash = [UInt8](repeating: 0xCD, count: 32)

    func authenticator(
        _ algorithms: [COSEAlgorithm], supplement: SupplementaryAlgorithms = .all, store: any CredentialStore
    ) -> DirectCTAPClient {
        var configuration = Authenticator.Configuration(flavour: .securityKey, verifiesUser: false)
        configuration.algorithms = algorithms
        configuration.supplement = supplement
        return DirectCTAPClient(
            Authenticator(configuration: configuration, store: store, gate: ApprovingGate()))
    }

    func registration(_ algorithm: COSEAlgorithm, discoverable: Bool) -> MakeCredentialRequest {
        MakeCredentialRequest(
            clientDataHash: Self.clientDataHash,
            relyingParty: PublicKeyCredentialRelyingPartyEntity(id: "a.example", name: "A"),
            user: PublicKeyCredentialUserEntity(id: [1], name: "mina", displayName: "Mina"),
            pubKeyCredParams: [PublicKeyCredentialParameters(algorithm)],
            options: AuthenticatorOptions(discoverable: discoverable))
    }

    @Test("getInfo names what can be made: not what has no maker")
    func getInfo() async throws {
        let wanted: [COSEAlgorithm] = [.rs256, .es256, .mlDSA44, .es256K]
        let info = try await authenticator(wanted, store: MemoryCredentialStore()).getInfo()
        #expect(info.algorithms?.map(\.alg) == wanted)
        let poor = authenticator(wanted, supplement: .none, store: MemoryCredentialStore())
        #expect(try await poor.getInfo().algorithms?.map(\.alg) == [.es256])
        await #expect(throws: CTAPClientError.status(.unsupportedAlgorithm)) {
            try await poor.makeCredential(registration(.rs256, discoverable: false))
        }
    }

    @Test(
        "a credential outlives the process, in the store or in its own ID, also when its algorithm is no longer offered",
        arguments: [COSEAlgorithm.es256K, .rs256, .mlDSA44], [false, true])
    func restart(algorithm: COSEAlgorithm, discoverable: Bool) async throws {
        let folder = NSTemporaryDirectory() + "aikagi-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func store() throws -> any CredentialStore {
            try SQLiteCredentialStore(path: folder + "/s", keyFileAt: folder + "/k", supplement: .all)
        }
        let first = authenticator([.es256, algorithm], store: try store())
        let made = try await first.makeCredential(registration(algorithm, discoverable: discoverable))
        let data = try AuthenticatorData(decoding: made.authenticatorData)
        let credential = try #require(data.attestedCredentialData)
        #expect(credential.publicKey.algorithm == algorithm)
        #expect(UInt64(credential.credentialID.count) <= (try await first.getInfo().maximumCredentialIDLength ?? 0))
        #expect(made.statement?["alg"]?.integer == algorithm.rawValue)

        let second = authenticator([.es256], store: try store())
        let assertions = try await second.getAssertions(
            GetAssertionRequest(
                relyingPartyID: "a.example", clientDataHash: Self.clientDataHash,
                allowList: [PublicKeyCredentialDescriptor(id: credential.credentialID)]))
        #expect(assertions.map(\.credential?.id.bytes) == [credential.credentialID])
        // Whether it is the key's is for the peers to judge (Tests/Peers/test_key_algorithms.py).
        #expect(assertions.allSatisfy { !$0.signature.isEmpty })
    }
}
