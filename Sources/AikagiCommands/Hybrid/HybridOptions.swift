import ArgumentParser
import BluetoothLE
import HybridProtocol
import HybridTransport

/// What both sides of a hybrid ceremony need: a way to the tunnel service, and a radio.
struct HybridOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Connect here instead of to the tunnel domain's own address.",
            discussion: """
                The certificate must still be for the domain. Default: the running `aikagi tunnel`, if it serves the \
                domain.
                """, valueName: "host:port"))
    var tunnel: String?

    @Option(
        help: ArgumentHelp(
            "The certificate authority to trust at the tunnel service (PEM).",
            discussion: "Default: that of the running `aikagi tunnel` if it is used, else the system's.",
            valueName: "file"))
    var tunnelCa: String?

    @Option(
        help: ArgumentHelp(
            "The loop-back radio: a folder of Unix datagram sockets.",
            discussion: """
                Stands in for Bluetooth between programs on this machine. A listener binds scanner-*.sock there; an \
                advertiser sends the AD structure (17 16 F9 FF and 20 bytes) to each of them every 100 ms. \
                Default: that of the running `aikagi with`, else radio in the run directory.
                """, valueName: "dir"))
    var radio: String?

    @OptionGroup var runDirectory: RunDirectoryOptions

    /// The radio.
    func makeRadio() throws(CommandFailure) -> SocketRadio {
        if let radio { return SocketRadio(directory: radio) }
        let directory = try runDirectory.directory()
        return SocketRadio(directory: try directory.runningTunnel()?.radio ?? directory.radio)
    }

    /// The domain of the tunnel service that is running on this machine, if one is.
    func runningDomain() throws(CommandFailure) -> TunnelDomain? {
        try runDirectory.directory().runningTunnel().flatMap { TunnelDomain(id: $0.domainID) }
    }

    /// Where the tunnel service of a domain is found.
    func endpoints() async throws -> @Sendable (TunnelDomain) -> TunnelEndpoint {
        let running = try runDirectory.directory().runningTunnel()
        let address = try tunnel.map { (text) throws(CommandFailure) in try HybridOptions.address(text) }
        var ca: String?
        if let tunnelCa { ca = try await InputFile.text(tunnelCa) }
        var runningCA: String?
        if let running { runningCA = try await InputFile.text(running.ca) }
        let (givenRoots, runningRoots) = (ca, runningCA)
        return { domain in
            let isRunning = running?.domainID == domain.id && address == nil
            let runningAddress = running.flatMap {
                isRunning ? TunnelEndpoint.Address(host: $0.address, port: $0.port) : nil
            }
            let roots = (givenRoots ?? (isRunning ? runningRoots : nil)).map(
                TunnelEndpoint.TrustRoots.certificates(pem:))
            return TunnelEndpoint(
                domain: domain, connectAddress: address ?? runningAddress, trustRoots: roots ?? .system)
        }
    }

    /// Reads `host:port`, with brackets around an IPv6 address.
    static func address(_ text: String) throws(CommandFailure) -> TunnelEndpoint.Address {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0
        else { throw CommandFailure("'\(text)' is not host:port, for example 127.0.0.1:8443") }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { throw CommandFailure("'\(text)' names no host, for example 127.0.0.1:8443") }
        return TunnelEndpoint.Address(host: String(host), port: Int(port))
    }
}
