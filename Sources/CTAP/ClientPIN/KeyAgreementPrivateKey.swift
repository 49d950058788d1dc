import Crypto
import FoundationEssentials

/// A private key for key agreement; an authenticator has one for each PIN/UV auth protocol (CTAP 2.3 §6.5.6, regenerate).
public struct KeyAgreementPrivateKey: Sendable {
    private let key: P256.KeyAgreement.PrivateKey

    /// Loads a scalar, 32 bytes, big-endian.
    public init(rawRepresentation: [UInt8]) throws(PINUVAuthError) {
        do {
            key = try P256.KeyAgreement.PrivateKey(rawRepresentation: rawRepresentation)
        } catch {
            throw .notAPrivateKey
        }
    }

    /// Draws a new key.
    ///
    /// A scalar of zero or not below the group's order has a chance of about 2⁻³²; a few attempts are therefore enough, and
    /// a generator that is broken is noticed.
    public init(using generator: inout some RandomNumberGenerator) throws(PINUVAuthError) {
        for _ in 0..<8 {
            do throws(PINUVAuthError) {
                self = try KeyAgreementPrivateKey(rawRepresentation: randomBytes(32, using: &generator))
                return
            } catch {
                continue
            }
        }
        throw .noKeyDrawn
    }

    /// The public key, which authenticatorClientPIN's getKeyAgreement hands out.
    public var publicKey: KeyAgreementPublicKey { KeyAgreementPublicKey(key.publicKey) }

    /// `decapsulate`: the secret shared with whoever has sent a public key.
    public func decapsulate(
        _ peer: KeyAgreementPublicKey, _ pinUVAuthProtocol: PINUVAuthProtocol
    ) throws(PINUVAuthError) -> PINUVAuthSharedSecret {
        do {
            let point = try P256.KeyAgreement.PublicKey(rawRepresentation: peer.point)
            return PINUVAuthSharedSecret(pinUVAuthProtocol, z: try key.sharedSecretFromKeyAgreement(with: point))
        } catch {
            throw .library(String(describing: error))
        }
    }
}

extension KeyAgreementPrivateKey: CustomStringConvertible, CustomReflectable {
    /// The kind only.
    public var description: String { "key agreement private key" }
    /// No children, so that dumping a value that holds this one shows nothing either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Bytes drawn from a generator.
func randomBytes(_ count: Int, using generator: inout some RandomNumberGenerator) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}
