import CBOR
import CTAP
import SoftwareAuthenticator
import Testing
import WebAuthnModel

/// Of two things that are wrong with a request, the earlier step says its own.
@Suite("authenticatorMakeCredential: the order of the steps (§6.1.2)", .timeLimit(.minutes(4)))
struct MakeCredentialOrderTests {
    typealias Fault = OrderFault<MakeCredentialRequest>

    /// Stands for the credential that is there.
    private static let marker = PublicKeyCredentialDescriptor(id: [0xEE])

    /// What can be wrong, as the steps follow each other.
    private static func faults(_ scene: OrderScene) -> [Fault] {
        let extensions = Fault(
            "step 15: an extension's input", scene.flavour == .phone ? .cborUnexpectedType : .invalidParameter
        ) { request, _ in
            request.extensions = CBORMap()
            request.extensions?["credProtect"] = 9
            request.extensions?["prf"] = 1
            return true
        }
        let excluded = Fault("step 12: an excluded credential", .credentialExcluded) { request, _ in
            guard request.excludeList == nil else { return false }
            request.excludeList = [marker]
            return true
        }
        let refusals = Fault.ofUser(step: 13)
        // Deviation: an extension's input is looked at before the first question (15 in advance).
        let last =
            scene.way == .builtIn ? [extensions] + refusals + [excluded] : [excluded, extensions] + refusals
        return (early + late + last + [full]).filter { $0.isPossible(scene) }
    }

    private static let early: [Fault] =
        Fault.ofParameter + [
            Fault("the length of the hash", .invalidLength) { request, _ in
                request.clientDataHash.removeLast()
                return true
            },
            Fault("step 3: no algorithm", .unsupportedAlgorithm) { request, _ in
                request.pubKeyCredParams = [PublicKeyCredentialParameters(.ps256)]
                return true
            },
            Fault("step 5: uv where there is no reader", .invalidOption) {
                $0.flavour == .securityKey
            } _: { request, setting in
                guard setting.prove(by: .absent) else { return false }
                request.options.userVerification = true
                return true
            },
            Fault("step 5: up is false", .invalidOption) { request, _ in
                request.options.userPresence = false
                return true
            },
            Fault("step 5: a long exclude list", .limitExceeded) { request, _ in
                guard request.excludeList == nil else { return false }
                request.excludeList = (0...32).map { PublicKeyCredentialDescriptor(id: [UInt8($0)]) }
                return true
            },
        ]

    private static let late: [Fault] =
        Fault.ofAlwaysUV(step: 6) + [
            .proof("steps 7, 8: no proof", .puatRequired, .absent) { $0.way == .token },
            Fault("step 9: enterprise attestation", .invalidParameter) { request, _ in
                request.enterpriseAttestation = 9
                return true
            },
        ] + Fault.ofProof

    private static let full = Fault("step 16: a full store", .keyStoreFull) { _, setting in
        setting.isStoreFull = true
        return true
    }

    /// What is answered to a request with these faults; `nil` when they cannot be together.
    private func status(_ scene: OrderScene, _ faults: [Fault]) async throws -> CTAPStatus? {
        var request = Bench.registration(
            discoverable: true, userVerification: scene.way == .builtIn && scene.flavour == .platform ? true : nil)
        var setting = OrderSetting()
        for fault in faults { guard fault.spoil(&request, &setting) else { return nil } }
        let gate = RecordingGate()
        let (bench, held, token) = try await setting.bench(scene, gate: gate)
        if request.excludeList == [Self.marker] {
            request.excludeList = [PublicKeyCredentialDescriptor(id: held.id)]
        }
        request.pinUVAuthParam = setting.param(token, request.clientDataHash)
        if request.pinUVAuthParam != nil { request.pinUVAuthProtocol = setting.pinUVAuthProtocol }
        if request.pinUVAuthParam != nil, setting.proof != .empty, scene.way == .builtIn {
            // A proof in place of the option.
            request.options.userVerification = nil
        }
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
