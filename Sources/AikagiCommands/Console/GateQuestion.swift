import SoftwareAuthenticator

/// What the person is asked, for programs: one JSON object.
struct GateQuestion: Codable, Hashable, Sendable {
    /// The device that asks; `nil` where there is only one.
    var device: String?
    /// `makeCredential`, `getAssertion`, `excludedCredential`, `selection`, `reset`, `resetByLongTouch`, `scan`,
    /// `management` or `enrollFinger`.
    var action: String
    /// Of the first three; `nil` for a token of CTAP 2.1 that is for any.
    var relyingPartyID: String?
    var userName: String?
    var needsVerification: Bool
    /// The same for people.
    var question: String
    /// How many more samples a finger that is enrolled needs.
    var remainingSamples: Int?

    /// A question of a device.
    init(_ request: UserRequest, device: String? = nil) {
        self.device = device
        needsVerification = request.needsVerification
        question = request.question
        switch request.reason {
        case .makeCredential(let id, _, let user): (action, relyingPartyID, userName) = ("makeCredential", id, user)
        case .getAssertion(let id): (action, relyingPartyID) = ("getAssertion", id)
        case .unnamedRelyingParty(let makesCredential): action = makesCredential ? "makeCredential" : "getAssertion"
        case .excludedCredential(let id): (action, relyingPartyID) = ("excludedCredential", id)
        case .selection: action = "selection"
        case .reset: action = "reset"
        case .resetByLongTouch: action = "resetByLongTouch"
        case .scan: action = "scan"
        case .management: action = "management"
        case .enrollFinger(let samples): (action, remainingSamples) = ("enrollFinger", samples)
        }
    }
}
