import Synchronization
import WebAuthnModel

/// What the demo leaves for its report: ceremonies for others to verify, and the QR codes.
final class DemoEvidence: Sendable {
    private struct State {
        var ceremonies: [CeremonyFile] = []
        var pictures: [(step: String, png: [UInt8])] = []
        var publicKeys: [Base64URLString: [UInt8]] = [:]
    }

    private let state = Mutex(State())

    /// Keeps a ceremony.
    func keep(_ ceremony: CeremonyFile) { state.withLock { $0.ceremonies.append(ceremony) } }

    /// Keeps the picture of a QR code.
    func keep(picture: [UInt8], step: String) { state.withLock { $0.pictures.append((step, picture)) } }

    /// Keeps the public key of a new credential.
    func keep(publicKey: [UInt8], of credentialID: Base64URLString) {
        state.withLock { $0.publicKeys[credentialID] = publicKey }
    }

    /// The public key of a credential that was registered before.
    func publicKey(of credentialID: Base64URLString) -> [UInt8]? { state.withLock { $0.publicKeys[credentialID] } }

    /// All ceremonies in order.
    var ceremonies: [CeremonyFile] { state.withLock { $0.ceremonies } }

    /// All QR codes with the step in which each was shown.
    var pictures: [(step: String, png: [UInt8])] { state.withLock { $0.pictures } }
}
