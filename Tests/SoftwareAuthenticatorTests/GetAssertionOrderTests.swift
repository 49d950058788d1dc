import CBOR
import CTAP
import SoftwareAuthenticator
import Testing
import WebAuthnModel

/// Of two things that are wrong with a request, the earlier step says its own.
@Suite("authenticatorGetAssertion: the order of the steps (§6.2.2)", .timeLimit(.minutes(4)))
struct GetAssertionOrderTests {
    typealias Fault = OrderFault<GetAssertionRequest>

    /// What can be wrong, as the steps follow each other.
    private static func faults(_ scene: OrderScene) -> [Fault] {
        // A phone has `prf`, CTAP 2.0 hmac-secret and no credBlob.
        let extensions = Fault("step 10: an extension's input", .cborUnexpectedType) { request, _ in
            request.extensions = CBORMap()
            request.extensions?["hmac-secret"] = 1
            request.extensions?["prf"] = 1
            return true
        }
        let missing = Fault("step 7: no credential", .noCredentials) { request, _ in
            guard request.allowList == nil else { return false }
            request.allowList = [PublicKeyCredentialDescriptor(id: [1])]
            return true
        }
        let refusals = Fault.ofUser(step: 8)
        // Deviation: an extension's input is looked at before the first question (10 in advance).
        let last = scene.way == .builtIn ? [extensions] + refusals + [missing] : [missing, extensions] + refusals
        return (early + late + last).filter { $0.isPossible(scene) }
    }

    private static let early: [Fault] =
        Fault.ofParameter + [
            Fault("the length of the hash", .invalidLength) { request, _ in
                request.clientDataHash.append(1)
                return true
            },
            Fault("step 4: uv where there is no reader", .invalidOption) {
                $0.flavour == .securityKey
            } _: { request, setting in
                guard setting.prove(by: .absent) else { return false }
                request.options.userVerification = true
                return true
            },
            Fault("step 4: rk", .unsupportedOption) { request, _ in
                request.options.discoverable = false
                return true
            },
            Fault("step 4: a long allow list", .limitExceeded) { request, _ in
                guard request.allowList == nil else { return false }
                request.allowList = (0...32).map { PublicKeyCredentialDescriptor(id: [UInt8($0)]) }
                return true
            },
        ]

    private static let late: [Fault] = Fault.ofAlwaysUV(step: 5) + Fault.ofProof

    /// What is answered to a request with these faults; `nil` when they cannot be together.
    private func status(_ scene: OrderScene, _ faults: [Fault]) async throws -> CTAPStatus? {
        var request = Bench.authentication(
            userVerification: scene.way == .builtIn && scene.flavour == .platform ? true : nil)
        var setting = OrderSetting()
        for fault in faults { guard fault.spoil(&request, &setting) else { return nil } }
        let gate = RecordingGate()
        let (bench, held, token) = try await setting.bench(scene, gate: gate)
        if request.allowList == nil { request.allowList = [PublicKeyCredentialDescriptor(id: held.id)] }
        request.pinUVAuthParam = setting.param(token, request.clientDataHash)
        if request.pinUVAuthParam != nil { request.pinUVAuthProtocol = setting.pinUVAuthProtocol }
        gate.answer(setting.decision)
        return await bench.status(request.request)
    }

    @Test("each fault alone", arguments: OrderScene.all)
    func alone(scene: OrderScene) async throws {
        try await Self.faults(scene).expectEachAlone { try await status(scene, $0) }
    }

    @Test("of two faults the earlier step's status", arguments: OrderScene.all)
    func pairs(scene: OrderScene) async throws {
        try await Self.faults(scene).expectEarlierOfTwo { try await status(scene, $0) }
    }
}
