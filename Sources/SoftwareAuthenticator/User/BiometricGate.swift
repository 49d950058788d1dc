/// The person at the authenticator: a finger on a reader, a tap on a key, an answer at a terminal.
///
/// One request is one touch: an approval shows that the user is present and, where
/// ``UserRequest/needsVerification`` asks for it, who the user is.
public protocol BiometricGate: Sendable {
    /// Asks the person and waits for the answer.
    ///
    /// The authenticator cancels the task when its own time-out passes or when the platform gives up. The gate must
    /// then return soon; what it returns no longer matters.
    func decide(_ request: UserRequest) async -> UserDecision

    /// The answer if it takes no time: then nobody needs to wait, nor to watch the clock. `nil` for a gate that must be
    /// asked.
    func immediateDecision(_ request: UserRequest) -> UserDecision?
}

extension BiometricGate {
    /// Must be asked.
    public func immediateDecision(_ request: UserRequest) -> UserDecision? { nil }
}

/// What the person is asked.
public struct UserRequest: Hashable, Sendable {
    /// What is to happen; names come from the platform as they are and need escaping before they are shown.
    public enum Reason: Hashable, Sendable {
        /// A new credential.
        case makeCredential(relyingPartyID: String, relyingPartyName: String?, userName: String?)
        /// A login.
        case getAssertion(relyingPartyID: String)
        /// One of the two (a new credential if both), for a relying party that is not known before the command comes.
        case unnamedRelyingParty(makesCredential: Bool)
        /// Nothing more: there is already a credential that the relying party does not want twice.
        case excludedCredential(relyingPartyID: String)
        /// This authenticator is chosen among several.
        case selection
        /// All credentials are erased.
        case reset
        /// The same, by a touch of at least five seconds.
        case resetByLongTouch
        /// Credentials or settings are managed.
        case management
        /// A finger is enrolled.
        case enrollFinger(remainingSamples: Int)
        /// A phone is taken in hand for a QR code that a screen shows; asked by whoever has several phones, not by one.
        case scan
    }

    /// What is to happen.
    public let reason: Reason
    /// Whether the person's identity must be verified; if not, presence is enough.
    public let needsVerification: Bool
    /// Whether an approval (probably) leads to nothing but a refusal, as somebody with several authenticators knows:
    /// there is no credential for this, or there is one that is not wanted twice.
    public let isFutile: Bool

    /// Puts the parts together.
    public init(_ reason: Reason, needsVerification: Bool, isFutile: Bool = false) {
        self.reason = reason
        self.needsVerification = needsVerification
        self.isFutile = isFutile
    }
}

/// What the person answered.
public enum UserDecision: Hashable, Sendable {
    /// Present and willing; also verified, if that was asked.
    case approved
    /// Declined.
    case denied
    /// Could not be verified, for example a foreign finger after as many attempts as the sensor allows.
    case verificationFailed
    /// Did not react.
    case timedOut
    /// Touched, but let go before a long touch was one; present where a short one is enough.
    case briefTouch
    /// Touched with a certain finger: verified if that is enrolled, and present in any case.
    case finger(String)
    /// While a finger is enrolled: how good the sample of which finger was. Present otherwise.
    case sample(SampleStatus, finger: String)
}
