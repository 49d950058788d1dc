import BluetoothLE
import CTAP
import CredentialStorage
import FoundationEssentials
import HIDTransport
import HybridProtocol
import HybridTransport
import SecurityKeys
import SoftwareAuthenticator

/// The PC's platform authenticator and the phone, each with its own encrypted store and its own person.
struct DemoDevices: Sendable {
    /// The PC's authenticator.
    let pc: Authenticator
    /// The PC's certificate authority for attestation (PEM).
    let attestationRoot: String
    /// The phone's authenticator.
    let phone: Authenticator

    /// Makes both, with stores in a folder.
    init(folder: String, pcGate: any BiometricGate, phoneGate: any BiometricGate, timeline: Timeline) async throws {
        let pcStore = try SQLiteCredentialStore(path: folder + "/pc.sqlite", keyFileAt: folder + "/pc.key")
        var generator = SystemRandomNumberGenerator()
        let made = try AttestationIdentity(aaguid: Flavour.platform.aaguid, validFrom: Date(), using: &generator)
        let identity = try await pcStore.attestationIdentity(orStoring: made) ?? made
        attestationRoot = DemoDevices.pem(identity.rootCertificate)
        pc = Authenticator(
            configuration: Authenticator.Configuration(flavour: .platform, attestation: .basic(identity)),
            store: pcStore, gate: DemoDevices.observe(pcGate, at: "PC", timeline))
        phone = Authenticator(
            configuration: Authenticator.Configuration(flavour: .phone),
            store: try SQLiteCredentialStore(
                path: folder + "/phone.sqlite", keyFileAt: folder + "/phone.key"),
            gate: DemoDevices.observe(phoneGate, at: "phone", timeline))
    }

    private static func observe(_ gate: any BiometricGate, at place: String, _ timeline: Timeline) -> ObservedGate {
        ObservedGate(
            gate: gate, asked: { timeline.mark("user asked", at: place, $0.question) },
            decided: { timeline.mark($1 == .approved ? "user verified" : "user refused", at: place, "\($1)") })
    }

    private static func pem(_ certificate: [UInt8]) -> String {
        let text = Data(certificate).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN CERTIFICATE-----\n\(text)\n-----END CERTIFICATE-----\n"
    }

    /// Serves the PC's authenticator over CTAPHID and runs `body` with libfido2 as its client.
    func withLibFIDO2<Value: Sendable>(_ body: @escaping @Sendable (LibFIDO2Device) async throws -> Value) async throws
        -> Value
    {
        let pipe = InProcessHIDPipe()
        let server = CTAPHIDServer(authenticator: pc, channel: pipe.deviceEnd)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer {
                pipe.deviceEnd.close()
                group.cancelAll()
            }
            let device = try await LibFIDO2Device.open(pipe.hostEnd)
            let outcome: Result<Value, any Error>
            do {
                outcome = .success(try await body(device))
            } catch {
                outcome = .failure(error)
            }
            await device.close()
            return try outcome.get()
        }
    }
}

extension Timeline {
    /// Notes a leg of a hybrid ceremony as one of the two devices reaches it.
    func mark(_ event: HybridEvent, at place: String) {
        switch event {
        case .tunnelOpened(let domain, let routingID):
            mark("tunnel open", at: place, "\(domain.name), routing ID \(routingID.hexadecimal)")
        case .advertising(let advertisement):
            mark("advertising", at: place, "\(advertisement.serviceData.count) bytes of service data")
        case .advertisementSeen(_, _, let foreign): mark("advert seen", at: place, "\(foreign) foreign ones before")
        case .handshakeFinished: mark("handshake", at: place, "Noise KNpsk0")
        case .authenticatorKnown(let info):
            mark("authenticator known", at: place, info.versions.joined(separator: ", "))
        case .request(let command, let count): mark("request", at: place, "\(command), \(count) bytes")
        case .response(let status, let count): mark("response", at: place, "\(status), \(count) bytes")
        case .closed: mark("closed", at: place)
        }
    }
}
