import CBOR
import CTAP
import SoftwareAuthenticator
import Testing
import WebAuthnModel

/// A kind of authenticator, of which a test makes as many new ones as it needs.
struct Model: CustomTestStringConvertible, Sendable {
    var flavour: Flavour
    var profile = Profile.ctap23
    var verifiesUser: Bool?
    var largeBlobStorage = LargeBlobStorage.array
    var supportsPIN: Bool?
    var isBuiltIn: Bool?

    /// Every flavour in every profile, with and without a fingerprint reader, a PIN, the array of large blobs.
    static let all: [Model] =
        Profile.allCases.flatMap { profile in
            [Model(flavour: .securityKey, profile: profile), Model(flavour: .platform, profile: profile)]
        } + [
            Model(flavour: .securityKey, verifiesUser: true),
            Model(flavour: .securityKey, profile: .ctap21, verifiesUser: true),
            Model(flavour: .securityKey, largeBlobStorage: .credential),
            Model(flavour: .securityKey, supportsPIN: false), Model(flavour: .platform, isBuiltIn: false),
            Model(flavour: .platform, supportsPIN: false), Model(flavour: .phone),
            Model(flavour: .phone, largeBlobStorage: .credential), Model(flavour: .phone, verifiesUser: false),
        ]

    /// A new one.
    func bench(
        gate: any BiometricGate = ApprovingGate(), store: MemoryCredentialStore = MemoryCredentialStore(),
        enterpriseIdentity: AttestationIdentity? = nil
    ) -> Bench {
        Bench(
            flavour, gate: gate, verifiesUser: verifiesUser, profile: profile,
            configure: { configuration in
                configuration.largeBlobStorage = largeBlobStorage
                if let supportsPIN { configuration.supportsPIN = supportsPIN }
                if let isBuiltIn { configuration.isBuiltIn = isBuiltIn }
                configuration.enterpriseIdentity = enterpriseIdentity
            }, store: store)
    }

    /// What a new one says of itself.
    func info() async throws -> AuthenticatorInfo { try await bench().client.getInfo() }

    var testDescription: String {
        var words = [flavour.rawValue, profile.rawValue]
        if let verifiesUser { words.append(verifiesUser ? "with reader" : "without reader") }
        if largeBlobStorage == .credential { words.append("largeBlob") }
        if supportsPIN == false { words.append("without PIN") }
        if let isBuiltIn { words.append(isBuiltIn ? "built in" : "not built in") }
        return words.joined(separator: ", ")
    }
}

extension Bench {
    /// The first assertion that a request yields.
    func assertion(_ request: GetAssertionRequest) async throws -> GetAssertionResponse {
        let response = await respond(request.request)
        guard response.status == .success else { throw response.status }
        return try GetAssertionResponse(data: response.data)
    }

    /// What a command answers that has only a subcommand.
    func status(_ command: CTAPCommand, subcommand: UInt64) async -> CTAPStatus {
        var map = CBORMap()
        map[1] = .unsigned(subcommand)
        return await status(CTAPRequest(command, parameters: CBOREncoder.encode(.map(map))))
    }

    /// What authenticatorConfig answers, with a token where one is given.
    func configure(_ number: UInt64, _ entries: [(Int, CBORValue)] = [], _ token: PINUVAuthToken? = nil) async
        -> CTAPStatus
    {
        var parameters = CBORMap()
        for (key, value) in entries { parameters[CBORValue(key)] = value }
        var request = ConfigRequest(number, parameters: entries.isEmpty ? nil : parameters)
        if let token {
            request.pinUVAuthProtocol = token.pinUVAuthProtocol.rawValue
            request.pinUVAuthParam = token.authenticate(request.authenticatedMessage)
        }
        return await status(request.request)
    }

    /// A token for a permission, got by the verification that there is: a PIN that is set for it, or the reader.
    func token(
        _ permissions: PINUVAuthPermissions, _ version: PINUVAuthProtocol = .two
    ) async throws -> PINUVAuthToken {
        let platform = PINPlatform(bench: self, version: version)
        if try await client.getInfo().options["clientPin"] == false { try await platform.setUsualPIN() }
        return try await platform.token(permissions)
    }
}

extension AuthenticatorInfo {
    /// Whether a reader verifies the user with nothing else there.
    var verifiesUser: Bool { options["uv"] == true }
}
