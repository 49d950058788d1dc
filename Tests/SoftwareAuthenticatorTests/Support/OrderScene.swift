import CTAP
import SoftwareAuthenticator
import Testing
import WebAuthnModel

/// An authenticator, and the way in which its user is verified: what the order of two refusals depends on.
struct OrderScene: CustomTestStringConvertible, Sendable {
    /// How the user is verified.
    enum Way: Hashable, Sendable {
        /// By the proof of a token.
        case token
        /// By the option `uv`, or because the authenticator always does.
        case builtIn
        /// Not at all: there is neither a PIN nor a reader, or nobody wants it.
        case none
    }

    let flavour: Flavour
    let profile: Profile
    let way: Way

    /// Every profile with a token, with a reader and without anything; a phone has no profiles.
    static let all: [OrderScene] =
        Profile.allCases.flatMap { profile in
            [
                OrderScene(flavour: .securityKey, profile: profile, way: .token),
                OrderScene(flavour: .platform, profile: profile, way: .token),
                OrderScene(flavour: .platform, profile: profile, way: .builtIn),
                OrderScene(flavour: .securityKey, profile: profile, way: .none),
            ]
        } + [OrderScene(flavour: .phone, profile: .ctap23, way: .builtIn)]

    var testDescription: String { "\(flavour.rawValue), \(profile.rawValue), \(way)" }

    /// Whether a PIN is set.
    var hasPIN: Bool { way == .token }

    /// Whether there is something that can verify the user.
    var isProtected: Bool { way != .none }
}

/// What a request says as proof of a token.
enum OrderProof: Hashable, Sendable {
    /// What the scene has: a good proof, or none.
    case usual
    /// No proof, where there could be one.
    case absent
    /// A parameter of no bytes.
    case empty
    /// A proof of nothing.
    case wrong
    /// The proof of a token that was got for something else.
    case otherPermission
    /// The proof of a token that was got for another relying party.
    case otherRelyingParty
}

/// What a request finds, beside what it says.
struct OrderSetting: Sendable {
    var decision = UserDecision.approved
    var proof = OrderProof.usual
    /// The protocol that the request names; `nil` for none, without which it names protocol two.
    var pinUVAuthProtocol: UInt64? = 2
    var isStoreFull = false
    var alwaysVerifies = false

    /// Gives the request another proof; `false` when it has one already that is not as it should be.
    mutating func prove(by proof: OrderProof) -> Bool {
        guard self.proof == .usual || self.proof == proof, pinUVAuthProtocol == 2 else { return false }
        self.proof = proof
        return true
    }

    /// Names another protocol, or none.
    mutating func name(_ protocol: UInt64?) -> Bool {
        guard proof == .usual, pinUVAuthProtocol == 2 else { return false }
        pinUVAuthProtocol = `protocol`
        return true
    }

    /// Lets the user refuse; the touch that step 1 asks for would be refused as well.
    mutating func refuse(_ decision: UserDecision) -> Bool {
        guard self.decision == .approved, proof != .empty else { return false }
        self.decision = decision
        return true
    }
}

extension OrderSetting {
    /// The authenticator that a request meets, with a credential that is there, and the token that it proves.
    func bench(
        _ scene: OrderScene, gate: RecordingGate
    ) async throws -> (bench: Bench, held: Registered, token: PINUVAuthToken?) {
        let store = MemoryCredentialStore(capacity: isStoreFull ? 1 : 100)
        let bench = Bench(scene.flavour, gate: gate, profile: scene.profile, store: store)
        // Before there is a PIN, which would be asked for.
        let verification = try await bench.client.getInfo().options["uv"]
        let held = try await bench.register(Bench.registration(user: [7], userVerification: verification))
        if isStoreFull {
            _ = try await bench.register(
                Bench.registration(
                    user: [8], relyingPartyID: "occupied.example", discoverable: true, userVerification: verification))
        }
        let platform = PINPlatform(bench: bench)
        if scene.hasPIN { try await platform.setUsualPIN() }
        if alwaysVerifies {
            let token = scene.hasPIN ? try await platform.token(.authenticatorConfiguration) : nil
            guard await bench.configure(2, [], token) == .success else { throw BenchError.noCredential }
        }
        guard scene.hasPIN else { return (bench, held, nil) }
        // CTAP 2.0 knows tokens without permissions only.
        guard scene.profile != .compat20 else { return (bench, held, try await platform.token(nil)) }
        let token = try await platform.token(
            proof == .otherPermission ? .largeBlobWrite : [.makeCredential, .getAssertion],
            relyingPartyID: proof == .otherRelyingParty ? "other.example" : nil)
        return (bench, held, token)
    }

    /// What the request says as proof.
    func param(_ token: PINUVAuthToken?, _ message: [UInt8]) -> [UInt8]? {
        switch proof {
        case .absent: nil
        case .empty: []
        case .wrong: [UInt8](repeating: 7, count: 32)
        case .usual, .otherPermission, .otherRelyingParty: token?.authenticate(message)
        }
    }
}
