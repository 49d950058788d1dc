import BluetoothLE
import CTAP
import CredentialStorage
import HIDTransport
import HybridProtocol
import HybridTransport
import NIOPosix
import ProgramRunner
import SoftwareAuthenticator

/// Makes the keys and phones that the options ask for.
struct SessionDevices: Sendable {
    private let options: DeviceOptions
    private let log: EventLog
    private let rootFile: AttestationRootFile?

    init(_ options: DeviceOptions, log: EventLog) {
        self.options = options
        rootFile = options.attestationRoot.map(AttestationRootFile.init(path:))
        self.log = log
    }

    /// The phones in their world.
    struct World: Sendable {
        let desk: PhoneDesk
        let radio: any BluetoothRadio
        let endpoint: TunnelEndpoint

        init(
            phones: [PhoneDesk.Phone], radio: any BluetoothRadio, domain: TunnelDomain,
            arrangement: HybridSurroundings.Arrangement, tunnel: HybridSurroundings.TunnelBehaviour, log: EventLog
        ) {
            self.radio = radio
            endpoint = TunnelEndpoint(
                domain: domain,
                connectAddress: TunnelEndpoint.Address(host: "127.0.0.1", port: arrangement.tunnelPort),
                trustRoots: .certificates(pem: arrangement.authorityPEM))
            let trouble: String? =
                switch tunnel {
                case .works: nil
                case .refuses: "tunnel-refused"
                case .silent: "tunnel-silent"
                }
            desk = PhoneDesk(
                phones: phones, radio: radio, domain: domain, endpoint: endpoint, tunnelTrouble: trouble, log: log)
        }
    }

    /// The tunnel service that the phones use: one of the numbers that anybody may serve, so that those of real phones are
    /// left alone.
    func domain() throws(CommandFailure) -> TunnelDomain {
        let number = UInt16(TunnelDomainArgument.standard)
        guard let domain = TunnelDomain(id: number) else { throw CommandFailure("there is no tunnel domain \(number)") }
        return domain
    }

    /// The folder of a session's own loop-back radio.
    static func radioFolder(in folder: String) -> String { folder + "/radio" }

    /// The air; other processes take part in it if somebody is to scan by hand.
    func radio(in folder: String) -> any BluetoothRadio {
        options.phones.contains { $0.scanning == .manual }
            ? SocketRadio(directory: SessionDevices.radioFolder(in: folder)) : InProcessRadio()
    }

    /// The phones.
    func phones() async throws -> [PhoneDesk.Phone] {
        var phones: [PhoneDesk.Phone] = []
        for argument in options.namedPhones {
            let gate = observed(try argument.gate.gate(of: argument.name), device: argument.name)
            let store = try await credentialStore(argument.store)
            var configuration = Authenticator.Configuration(flavour: .phone)
            configuration.offer(argument.algorithms)
            // A phone that attests nothing has no root either.
            if let list = argument.attestation {
                try await AttestationPlan(list: list, rootFile: rootFile).apply(to: &configuration, store: store)
            }
            let authenticator = Authenticator(
                configuration: configuration, store: store, gate: gate,
                reportFailure: { [log] in log.fail("\($0)", device: argument.name) })
            phones.append(PhoneDesk.Phone(argument: argument, authenticator: authenticator, gate: gate))
        }
        return phones
    }

    /// The keys, and those among them that have to run because a phone is behind them.
    func rack(_ world: World?) async throws -> (KeyRack, [HybridPhoneKey]) {
        var keys: [KeyRack.Key] = []
        var phoneKeys: [HybridPhoneKey] = []
        let hand = SharedHand()
        for (number, key) in options.namedKeys.enumerated() {
            switch key.kind {
            case .software(let flavour):
                let gate = observed(
                    try key.gate.gate(of: key.name, approving: hand.gate(of: number)), device: key.name)
                keys.append(try await softwareKey(key, flavour, gate: gate))
            case .phone:
                guard let world else { throw CommandFailure("--key phone needs a phone behind it; add --phone") }
                let phoneKey = phoneKey(world)
                phoneKeys.append(phoneKey)
                keys.append(
                    KeyRack.Key(
                        name: key.name, authenticator: phoneKey, powerCycle: {}, isPlugged: !key.isUnplugged))
            }
        }
        return (KeyRack(keys, hand: hand), phoneKeys)
    }

    private func softwareKey(
        _ key: KeyArgument, _ flavour: Flavour, gate: ObservedGate
    ) async throws -> KeyRack.Key {
        let store = try await credentialStore(key.store)
        var configuration = Authenticator.Configuration(
            flavour: flavour, profile: key.profile.profile,
            verifiesUser: !key.isPresenceOnly && (key.profile != .compat20 || flavour != .securityKey),
            isBuiltIn: key.isBuiltIn)
        if key.canResetAnyTime { configuration.resetWindow = nil }
        configuration.offer(key.algorithms)
        configuration.supportsPIN = key.hasPIN ?? (options.keys.count { $0.kind != .phone } == 1)
        try await AttestationPlan(list: key.attestation, rootFile: rootFile).apply(to: &configuration, store: store)
        let authenticator = Authenticator(
            configuration: configuration, store: store, gate: gate,
            reportFailure: { [log] in log.fail("\($0)", device: key.name) })
        return KeyRack.Key(
            name: key.name, authenticator: authenticator, powerCycle: { await authenticator.powerCycle() },
            isPlugged: !key.isUnplugged)
    }

    private func phoneKey(_ world: World) -> HybridPhoneKey {
        HybridPhoneKey(
            session: { key in
                HybridClientSession(
                    key: key, radio: world.radio, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                    endpoint: { _ in world.endpoint })
            }, show: { code in await world.desk.scan(code.url) })
    }

    private func credentialStore(_ store: StoreAccess?) async throws -> any CredentialStore {
        guard let store else { return MemoryCredentialStore() }
        return try await store.open()
    }

    private func observed(_ gate: any BiometricGate, device: String) -> ObservedGate {
        let log = log
        return ObservedGate(
            gate: gate,
            asked: { request in
                var line = HybridEventLine("asked")
                line.request = request.question
                log.note(line, device: device)
            },
            decided: { request, decision in
                var line = HybridEventLine("user")
                // A gate that nobody waits for any more has not decided anything.
                line.decision = Task.isCancelled ? "cancelled" : decision.word
                line.request = request.question
                log.note(line, device: device)
            })
    }
}
