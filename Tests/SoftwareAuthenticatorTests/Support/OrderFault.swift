import CTAP
import SoftwareAuthenticator
import Testing

/// One thing that is wrong with a request, with the step that says so.
struct OrderFault<Request>: CustomTestStringConvertible, Sendable {
    let name: String
    let status: CTAPStatus
    /// Whether the request can have it in a scene.
    let isPossible: @Sendable (OrderScene) -> Bool
    /// Makes the request wrong; `false` when it already is so in another way, and cannot be in both.
    let spoil: @Sendable (inout Request, inout OrderSetting) -> Bool

    init(
        _ name: String, _ status: CTAPStatus, in isPossible: @escaping @Sendable (OrderScene) -> Bool = { _ in true },
        _ spoil: @escaping @Sendable (inout Request, inout OrderSetting) -> Bool
    ) {
        (self.name, self.status, self.isPossible, self.spoil) = (name, status, isPossible, spoil)
    }

    /// One of the faults of a proof.
    static func proof(
        _ name: String, _ status: CTAPStatus, _ proof: OrderProof,
        in isPossible: @escaping @Sendable (OrderScene) -> Bool
    ) -> OrderFault {
        OrderFault(name, status, in: isPossible) { _, setting in setting.prove(by: proof) }
    }

    /// Those of steps 1 and 2, which both commands have.
    static var ofParameter: [OrderFault] {
        [
            .proof("step 1: an empty proof", .pinInvalid, .empty) { $0.isProtected },
            .proof("step 1: an empty proof, and nothing to prove", .pinNotSet, .empty) { !$0.isProtected },
            OrderFault("step 2: no protocol", .missingParameter, in: { $0.way == .token }) { $1.name(nil) },
            OrderFault("step 2: another protocol", .invalidParameter, in: { $0.way == .token }) { $1.name(3) },
            .proof("step 2: a phone has no protocol", .invalidParameter, .wrong) { $0.flavour == .phone },
        ]
    }

    /// Those of makeCredential's step 11 and getAssertion's step 6.
    static var ofProof: [OrderFault] {
        [
            .proof("nobody can have a proof", .pinNotSet, .wrong) { !$0.isProtected },
            .proof("a wrong proof", .pinAuthInvalid, .wrong) { $0.isProtected && $0.flavour != .phone },
            .proof("another permission", .pinAuthInvalid, .otherPermission) {
                $0.way == .token && $0.profile != .compat20
            },
            .proof("another relying party", .pinAuthInvalid, .otherRelyingParty) {
                $0.way == .token && $0.profile != .compat20
            },
        ]
    }

    /// Those of alwaysUv, which has a step of its own before a proof is looked at.
    static func ofAlwaysUV(step: Int) -> [OrderFault] {
        [
            // Whatever the proof: nobody has one.
            OrderFault("step \(step): alwaysUv, and nothing to verify with", .puatRequired) {
                !$0.isProtected && $0.profile != .compat20
            } _: { _, setting in
                setting.alwaysVerifies = true
                return true
            },
            OrderFault("step \(step): alwaysUv without a proof", .puatRequired) {
                $0.way == .token && $0.flavour == .securityKey && $0.profile != .compat20
            } _: { _, setting in
                setting.alwaysVerifies = true
                return setting.prove(by: .absent)
            },
        ]
    }

    /// Those of the user who is asked.
    static func ofUser(step: Int) -> [OrderFault] {
        [
            OrderFault("step \(step): the user declines", .operationDenied) { $1.refuse(.denied) },
            OrderFault("step \(step): nobody is there", .userActionTimeout) { $1.refuse(.timedOut) },
        ]
    }

    var testDescription: String { name }
}

extension Array {
    /// Expects each fault to be answered with its status, and a request without any to succeed.
    ///
    /// - Parameter status: What a request with some faults is answered; `nil` when they cannot be together.
    func expectEachAlone<Request>(_ status: ([Element]) async throws -> CTAPStatus?) async throws
    where Element == OrderFault<Request> {
        #expect(try await status([]) == .success)
        for fault in self { #expect(try await status([fault]) == fault.status, "\(fault.name)") }
    }

    /// Expects two faults to be answered with the status of the first, whichever they are.
    func expectEarlierOfTwo<Request>(_ status: ([Element]) async throws -> CTAPStatus?) async throws
    where Element == OrderFault<Request> {
        var pairCount = 0
        for (index, first) in enumerated() {
            for second in self[(index + 1)...] {
                guard let status = try await status([first, second]) else { continue }
                #expect(status == first.status, "\(first.name), then \(second.name)")
                pairCount += 1
            }
        }
        #expect(pairCount > count * 2)
    }
}
