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
        let refusals = [
            Fault("step 8: the user declines", .operationDenied) { _, setting in setting.refuse(.denied) },
            Fault("step 8: nobody is there", .userActionTimeout) { _, setting in setting.refuse(.timedOut) },
        ]
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

    private static let late: [Fault] =
        [
            // Whatever the proof: nobody has one.
            Fault("step 5: alwaysUv, and nothing to verify with", .puatRequired) {
                !$0.isProtected && $0.profile != .compat20
            } _: { _, setting in
                setting.alwaysVerifies = true
                return true
            },
            Fault("step 5: alwaysUv without a proof", .puatRequired) {
                $0.way == .token && $0.flavour == .securityKey && $0.profile != .compat20
            } _: { _, setting in
                setting.alwaysVerifies = true
                return setting.prove(by: .absent)
            },
        ] + Fault.ofProof

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
        #expect(try await status(scene, []) == .success)
        for fault in Self.faults(scene) {
            #expect(try await status(scene, [fault]) == fault.status, "\(fault.name)")
        }
    }

    @Test("of two faults the earlier step's status", arguments: OrderScene.all)
    func pairs(scene: OrderScene) async throws {
        let faults = Self.faults(scene)
        var count = 0
        for (index, first) in faults.enumerated() {
            for second in faults[(index + 1)...] {
                guard let status = try await status(scene, [first, second]) else { continue }
                #expect(status == first.status, "\(first.name), then \(second.name)")
                count += 1
            }
        }
        #expect(count > faults.count * 2)
    }
}
