import CBOR
import CTAP
import Crypto
import Foundation
import SoftwareAuthenticator
import TestSupport

/// A platform that sets PINs and gets tokens, with nothing but CTAP's own types.
struct PINPlatform {
    let bench: Bench
    var version = PINUVAuthProtocol.two

    /// The shared secret of a new agreement, and the platform's public key.
    func agree() async throws -> (key: KeyAgreementPublicKey, secret: PINUVAuthSharedSecret) {
        let request = ClientPINRequest(.getKeyAgreement, pinUVAuthProtocol: version.rawValue).request
        let response = try ClientPINResponse(data: await bench.respond(request).data)
        guard let key = response.keyAgreement else { throw BenchError.noCredential }
        var generator = SystemRandomNumberGenerator()
        let (own, secret) = try key.encapsulate(version, using: &generator)
        return (own, secret)
    }

    static func hash(_ pin: String) -> [UInt8] { Array(Array(SHA256.hash(data: Array(pin.utf8))).prefix(16)) }

    static func sha256(_ text: String) -> [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }

    static func padded(_ pin: [UInt8], to count: Int = 64) -> [UInt8] {
        pin + [UInt8](repeating: 0, count: max(count - pin.count, 0))
    }

    /// A setPIN request; what is padded can be anything.
    func setPIN(_ plaintext: [UInt8]) async throws -> ClientPINRequest {
        let (key, secret) = try await agree()
        var generator = SystemRandomNumberGenerator()
        var request = ClientPINRequest(.setPIN, pinUVAuthProtocol: version.rawValue)
        request.keyAgreement = key.ctap.map
        let encrypted = try secret.encrypt(plaintext, using: &generator)
        request.newPINEncrypted = encrypted
        request.pinUVAuthParam = secret.authenticate(encrypted)
        return request
    }

    func changePIN(_ old: String, _ new: String) async throws -> ClientPINRequest {
        let (key, secret) = try await agree()
        var generator = SystemRandomNumberGenerator()
        var request = ClientPINRequest(.changePIN, pinUVAuthProtocol: version.rawValue)
        request.keyAgreement = key.ctap.map
        let encrypted = try secret.encrypt(Self.padded(Array(new.utf8)), using: &generator)
        let hash = try secret.encrypt(Self.hash(old), using: &generator)
        (request.newPINEncrypted, request.pinHashEncrypted) = (encrypted, hash)
        request.pinUVAuthParam = secret.authenticate(encrypted + hash)
        return request
    }

    /// A request for a token by PIN, and the secret that it will come encrypted with.
    func tokenRequest(
        _ pin: String, _ permissions: PINUVAuthPermissions?, relyingPartyID: String? = nil,
        _ subcommand: ClientPINSubcommand? = nil
    ) async throws -> (ClientPINRequest, PINUVAuthSharedSecret) {
        let (key, secret) = try await agree()
        var generator = SystemRandomNumberGenerator()
        var request = ClientPINRequest(
            subcommand ?? (permissions == nil ? .getPINToken : .getTokenUsingPIN), pinUVAuthProtocol: version.rawValue)
        request.keyAgreement = key.ctap.map
        if subcommand != .getTokenUsingUV {
            request.pinHashEncrypted = try secret.encrypt(Self.hash(pin), using: &generator)
        }
        request.permissions = permissions?.rawValue
        request.relyingPartyID = relyingPartyID
        return (request, secret)
    }

    /// The status of a request for a token.
    func tokenStatus(
        _ pin: String, _ permissions: PINUVAuthPermissions?, relyingPartyID: String? = nil,
        _ subcommand: ClientPINSubcommand? = nil
    ) async throws -> CTAPStatus {
        await bench.status(
            try await tokenRequest(pin, permissions, relyingPartyID: relyingPartyID, subcommand).0.request)
    }

    /// A token.
    func token(
        _ permissions: PINUVAuthPermissions?, pin: String = "1234", relyingPartyID: String? = nil,
        _ subcommand: ClientPINSubcommand? = nil
    ) async throws -> PINUVAuthToken {
        let needs = permissions.map { !$0.isDisjoint(with: [.makeCredential, .getAssertion]) } ?? false
        let (request, secret) = try await tokenRequest(
            pin, permissions, relyingPartyID: relyingPartyID ?? (needs ? Bench.relyingPartyID : nil), subcommand)
        let response = await bench.respond(request.request)
        guard response.status == .success,
            let encrypted = try ClientPINResponse(data: response.data).pinUVAuthTokenEncrypted,
            let token = PINUVAuthToken(version, bytes: try secret.decrypt(encrypted))
        else { throw response.status }
        return token
    }

    /// Sets the PIN 1234.
    func setUsualPIN() async throws {
        let request = try await setPIN(Self.padded(Array("1234".utf8))).request
        guard await bench.status(request) == .success else { throw BenchError.noCredential }
    }

    /// A registration with the proof of a token.
    func registration(_ token: PINUVAuthToken, discoverable: Bool = true) -> MakeCredentialRequest {
        var request = Bench.registration(discoverable: discoverable)
        request.pinUVAuthParam = token.authenticate(request.clientDataHash)
        request.pinUVAuthProtocol = version.rawValue
        return request
    }

    /// A login with the proof of a token.
    func authentication(_ token: PINUVAuthToken, userPresence: Bool? = nil) -> GetAssertionRequest {
        var request = Bench.authentication(userPresence: userPresence)
        request.pinUVAuthParam = token.authenticate(request.clientDataHash)
        request.pinUVAuthProtocol = version.rawValue
        return request
    }
}
