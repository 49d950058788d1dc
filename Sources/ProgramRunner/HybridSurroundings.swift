public import BluetoothLE
import CertificateAuthority
import Foundation
public import HybridProtocol
import Logging
import TunnelService
import VirtualBlueZ

/// What makes an unmodified program believe in a phone near by: a D-Bus with a Bluetooth adapter on it, the phone's tunnel
/// service under its proper name, and trust in that service's certificate.
///
/// Everything but trust is said in the program's environment:
///
///     DBUS_SYSTEM_BUS_ADDRESS   a private bus with `org.bluez` on it
///     https_proxy, no_proxy     a proxy that leads the tunnel service's name here, and all other names where they led before
///
/// Trust is a copy of the user's certificate store with one throw-away authority more, mounted over the user's for that
/// program alone.
public final class HybridSurroundings: Sendable {
    /// What is to be there, and in which state.
    public struct Configuration: Sendable {
        /// An existing folder of mode 0700 for the bus's socket and the certificate store.
        public var folder: String
        /// The tunnel service that the phones use.
        public var domain: TunnelDomain
        /// Whether the adapter is switched on at first.
        public var isAdapterPowered = true
        /// What becomes of the program's connections to the tunnel service.
        public var tunnel = TunnelBehaviour.works
        /// Whether the program reaches nothing but this machine through the proxy.
        public var isOffline = false
        /// The environment that the program would have had.
        public var environment: [String: String]

        /// Surroundings in which everything works.
        ///
        /// - Parameter environment: What the program would have had without us.
        public init(folder: String, domain: TunnelDomain, environment: [String: String]) {
            self.folder = folder
            self.domain = domain
            self.environment = environment
        }
    }

    /// What becomes of a program's connections to the tunnel service.
    public enum TunnelBehaviour: String, Hashable, Sendable, CaseIterable {
        /// They are served.
        case works
        /// The proxy refuses them.
        case refuses
        /// They are established and never answered.
        case silent
    }

    /// What the program needs, and what a phone needs to meet it.
    public struct Arrangement: Sendable {
        /// The changes to the program's environment.
        public let environment: [String: String?]
        /// What is mounted for the program.
        public let binds: [ProgramPlan.Bind]
        /// Folders that were made in the user's home as mount points, the innermost first; empty but for us.
        public let madeFolders: [String]
        /// The port of the tunnel service on 127.0.0.1.
        public let tunnelPort: Int
        /// The certificate of the tunnel service's authority, PEM.
        public let authorityPEM: String
    }

    private let configuration: Configuration
    private let bus: PrivateBus
    private let bluez: VirtualBlueZ

    /// Surroundings that are there once they run.
    ///
    /// - Parameters:
    ///   - radio: What the adapter hears.
    ///   - discovery: Is told when the program begins to look for devices, as it does while a QR code is shown, and when
    ///     it has ended.
    /// - Throws: ``SurroundingsError`` when a program is missing, `VirtualBlueZError` when there is no file descriptor left.
    public init(
        _ configuration: Configuration, radio: any BluetoothRadio, discovery: @escaping @Sendable (Bool) -> Void
    ) throws {
        self.configuration = configuration
        guard let daemon = HostCheck.find("dbus-daemon") else {
            throw SurroundingsError.missingProgram("dbus-daemon", package: "dbus-daemon")
        }
        bus = PrivateBus(directory: configuration.folder, executable: daemon)
        var adapter = VirtualAdapter()
        adapter.isPowered = configuration.isAdapterPowered
        bluez = try VirtualBlueZ(radio: radio, busAddress: bus.address, adapter: adapter, discovery: discovery)
    }

    /// Whether the adapter is on, as the program last made it or as it was set here.
    public var isAdapterPowered: Bool {
        get { bluez.isPowered }
        set { bluez.isPowered = newValue }
    }

    /// Serves until the task is cancelled, and calls a function once everything is there.
    ///
    /// - Returns: What the function returns.
    /// - Throws: What the function throws, and why something could not be put up or has ended.
    public func run<Value: Sendable>(_ body: @escaping @Sendable (Arrangement) async throws -> Value) async throws
        -> Value
    {
        let configuration = configuration
        let authority = try ThrowawayCertificateAuthority(now: Date())
        let certificate = try authority.issueServerCertificate(for: [configuration.domain.name], now: Date())
        let logger = Logger(label: "aikagi.surroundings") { _ in SwiftLogNoOpLogHandler() }
        let tunnel = TunnelServer(
            configuration: TunnelServerConfiguration(
                tls: TunnelServerConfiguration.TLS(
                    certificateChainPEM: certificate.certificatePEM, privateKeyPEM: certificate.privateKeyPEM)),
            logger: logger)
        let (bus, bluez) = (bus, bluez)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            defer { group.cancelAll() }
            func serve(_ service: @escaping @Sendable () async throws -> Void) {
                group.addTask {
                    try await service()
                    try Task.checkCancellation()
                    throw SurroundingsError.notRunning
                }
            }
            serve { try await bus.run() }
            serve { try await tunnel.run() }
            async let trust = trustStore(authority.certificatePEM)
            let tunnelPort = try await tunnel.boundPort()
            let environment = ProxyEnvironment(configuration.environment)
            let proxy = ConnectProxy(
                configuration: ConnectProxyConfiguration(
                    destinations: [configuration.domain.name: destination(port: tunnelPort)],
                    others: configuration.isOffline ? .refusal : environment.others), logger: logger)
            serve { try await proxy.run() }
            try await bus.ready()
            serve { try await bluez.run() }
            try await bluez.ready()
            var changes = environment.changes(
                port: try await proxy.boundPort(), leavesHTTP: !configuration.isOffline)
            changes["DBUS_SYSTEM_BUS_ADDRESS"] = bus.address
            let store = try await trust
            let (madeFolders, lock) = try store.makePlace()
            defer { withExtendedLifetime(lock) {} }
            let arrangement = Arrangement(
                environment: changes, binds: [ProgramPlan.Bind(store.folder, at: store.place)],
                madeFolders: madeFolders, tunnelPort: tunnelPort, authorityPEM: authority.certificatePEM)
            group.addTask { try await body(arrangement) }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw SurroundingsError.notRunning
        }
    }

    private func destination(port: Int) -> ConnectProxyConfiguration.Destination {
        switch configuration.tunnel {
        case .works: .place(port: port)
        case .refuses: .refusal
        case .silent: .silence
        }
    }

    private func trustStore(_ authorityPEM: String) async throws(SurroundingsError) -> TrustStore {
        guard let certutil = HostCheck.find("certutil") else {
            throw .missingProgram("certutil", package: "libnss3-tools")
        }
        return try await TrustStore(
            folder: configuration.folder + "/nssdb", home: configuration.environment["HOME"] ?? "/",
            authorityPEM: authorityPEM, certutil: certutil)
    }
}
