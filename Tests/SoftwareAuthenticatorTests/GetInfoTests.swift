import CTAP
import SoftwareAuthenticator
import Testing
import WebAuthnModel

@Suite("authenticatorGetInfo (§6.4)", .timeLimit(.minutes(2)))
struct GetInfoTests {
    /// The options of whatever can have a PIN, and some more.
    private static func managed(_ more: [String: Bool]) -> [String: Bool] {
        let all = [
            "rk": true, "up": true, "clientPin": false, "pinUvAuthToken": true, "credMgmt": true, "authnrCfg": true,
            "setMinPINLength": true, "largeBlobs": true, "alwaysUv": false, "makeCredUvNotRqd": true,
            "perCredMgmtRO": true,
        ]
        return all.merging(more) { $1 }
    }

    @Test(
        "says what is true of each flavour",
        arguments: [
            (
                Flavour.platform,
                Self.managed([
                    "plat": true, "uv": true, "bioEnroll": true, "uvBioEnroll": true, "uvAcfg": true,
                ]), [AuthenticatorTransport.internal]
            ),
            (.phone, ["rk": true, "up": true, "uv": true], [.hybrid, .internal]),
            (.securityKey, Self.managed([:]), [.usb]),
        ])
    func flavours(flavour: Flavour, options: [String: Bool], transports: [AuthenticatorTransport]) async throws {
        let info = try await Bench(flavour).client.getInfo()
        let versions = ["FIDO_2_0", "FIDO_2_1", "FIDO_2_3"]
        #expect(
            info.versions
                == [.platform: versions, .securityKey: ["U2F_V2"] + versions, .phone: ["FIDO_2_0"]][flavour])
        #expect(
            info.extensions
                == (flavour == .phone
                    ? ["prf"]
                    : [
                        "credBlob", "credProtect", "hmac-secret", "hmac-secret-mc", "largeBlobKey", "minPinLength",
                        "pinComplexityPolicy", "thirdPartyPayment", "uvm",
                    ]))
        #expect(info.pinUVAuthProtocols == (flavour == .phone ? nil : [2, 1]))
        #expect(info.aaguid == flavour.aaguid)
        #expect(info.options == options)
        #expect(info.maximumMessageSize == 7609)
        #expect(info.maximumCredentialCountInList == 32)
        #expect(info.transports == transports)
        #expect(info.algorithms?.map(\.alg) == [.es256, .edDSA, .es384, .es512])
        #expect(info.firmwareVersion == 1)
    }

    @Test("a security key whose gate can verify says so")
    func verifyingSecurityKey() async throws {
        let info = try await Bench(.securityKey, verifiesUser: true).client.getInfo()
        #expect(info.options["uv"] == true)
        #expect(info.options["plat"] == nil)
    }

    @Test("the longest credential ID is as long as it says")
    func credentialIDLength() async throws {
        let bench = Bench()
        let maximum = try await bench.client.getInfo().maximumCredentialIDLength
        let longest = try await bench.register(Bench.registration(algorithms: [.es512]))
        #expect(longest.id.count == maximum.map { Int($0) })
        #expect(try await bench.register(accounts: [[1]])[0].id.count == 32)
    }

    @Test("models are told apart, and none is the zero one")
    func models() {
        let models = Flavour.allCases.map(\.aaguid)
        #expect(Set(models).count == 3)
        #expect(!models.contains(.zero))
        #expect(Flavour.platform.aaguid.description == "4294548c-08d6-46d4-9be1-371e5d6fdfdf")
        #expect(Flavour.phone.aaguid.description == "a1cb31ea-1219-4ebd-be23-06fe205eb15b")
        #expect(Flavour.securityKey.aaguid.description == "9e20a388-9ae5-44c4-8a63-16399c9f9917")
    }

    @Test("works with parameters that it does not have, and asks nobody")
    func parametersIgnored() async {
        let gate = RecordingGate(.denied)
        let bench = Bench(gate: gate)
        #expect(await bench.status(CTAPRequest(.getInfo, parameters: [0xA0])) == .success)
        #expect(gate.requests.isEmpty)
    }

    @Test(
        "commands that are not implemented are invalid",
        arguments: [0x00, 0x03, 0x05, 0x0E, 0x40, 0x41, 0xBF, 0xFF] as [UInt8])
    func unknownCommands(command: UInt8) async {
        let request = CTAPRequest(CTAPCommand(rawValue: command), parameters: [0xA0])
        #expect(await Bench().respond(request) == CTAPResponse(.invalidCommand))
    }

    @Test("a phone and CTAP 2.0 have no management", arguments: [0x09, 0x0A, 0x0C, 0x0D] as [UInt8])
    func unmanaged(command: UInt8) async {
        let request = CTAPRequest(CTAPCommand(rawValue: command), parameters: [0xA0])
        #expect(await Bench(.phone).respond(request) == CTAPResponse(.invalidCommand))
        #expect(await Bench(profile: .compat20).respond(request) == CTAPResponse(.invalidCommand))
    }

    @Test("a message longer than the maximum is refused")
    func tooLarge() async {
        let bench = Bench()
        let parameters = [UInt8](repeating: 0, count: 7609)
        #expect(await bench.status(CTAPRequest(.getInfo, parameters: parameters)) == .requestTooLarge)
        #expect(await bench.status(CTAPRequest(.getInfo, parameters: parameters.dropLast())) == .success)
    }
}
