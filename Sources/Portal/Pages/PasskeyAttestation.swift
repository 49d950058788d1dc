import FoundationEssentials
import RelyingParty
import WebAuthnModel

/// How far a passkey's attestation can be believed today, and what model it is from.
struct PasskeyAttestation {
    /// The verdict.
    let trust: Phrase
    /// The model's name and status as the metadata have them; `nil` without metadata about it.
    let model: String?

    init(of passkey: Passkey, core: PortalCore) async throws {
        let party = try core.relyingParty()
        do throws(AttestationError) {
            let result = try await party.attestation(
                of: passkey.record, registeredAt: passkey.createdAt, now: core.now)
            trust = result.map { Self.phrase($0.trust) } ?? .unknown
            model = result?.model.map(Self.name)
        } catch {
            // It was accepted when it was registered: what has changed is the model's status, or the policy.
            guard case .compromised(let reported) = error else {
                (trust, model) = (.trustUnverified, nil)
                return
            }
            (trust, model) = (.trustCompromised, Self.name(of: reported))
        }
    }

    private static func name(of model: AuthenticatorModel) -> String {
        model.description + (model.status.map { " (\($0))" } ?? "")
    }

    private static func phrase(_ trust: AttestationTrust) -> Phrase {
        switch trust {
        case .none: .trustNone
        case .selfAttested: .trustSelf
        case .certified, .compound: trust.isTrusted ? .trustVerified : .trustUnverified
        }
    }
}
