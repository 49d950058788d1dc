import ArgumentParser
import Portal

/// Where a portal's pages are, and how they are served.
struct PortalWebOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where browsers reach the portal, once for each origin; mail links lead to the first.",
            discussion: "Default: http(s)://localhost and the port.", valueName: "url"))
    var origin: [String] = []

    @Option(
        help: ArgumentHelp(
            "The RP ID: the domain of the origins, or one above it.", discussion: "Default: that of the first origin.",
            valueName: "domain"))
    var rpID: String?

    @Option(help: ArgumentHelp("Serve HTTPS with this certificate (chain), in PEM.", valueName: "file"))
    var certificate: String?

    @Option(help: ArgumentHelp("The certificate's private key, in PEM.", valueName: "file"))
    var privateKey: String?

    func validate() throws { try OptionRules.check(checkOptions) }

    private func checkOptions() throws {
        guard (certificate == nil) == (privateKey == nil) else {
            throw ValidationError("--certificate and --private-key go together")
        }
        if let rpID, origin.isEmpty, certificate == nil, rpID != "localhost", !rpID.hasSuffix(".localhost") {
            throw ValidationError(
                "--rp-id \(rpID) goes with --origin, where browsers reach the portal (https://\(rpID)), "
                    + "or with --certificate and --private-key")
        }
        for origin in origin where PortalWebOptions.host(of: origin) == nil {
            throw ValidationError(
                "'\(origin)' is no origin; write it like https://portal.example or http://localhost:8080")
        }
    }

    /// Puts the options into a configuration.
    ///
    /// - Throws: ``CommandFailure`` when a file cannot be read.
    func apply(to configuration: inout PortalConfiguration) async throws {
        configuration.origins = origin
        if let domain = rpID ?? origin.first.flatMap(PortalWebOptions.host) { configuration.relyingPartyID = domain }
        if let certificate, let privateKey {
            for file in [certificate, privateKey] { _ = try await InputFile.read(file, limit: 1 << 20) }
            configuration.tls = PortalTLS(certificatePath: certificate, privateKeyPath: privateKey)
        }
    }

    private static func host(of origin: String) -> String? {
        for scheme in ["https://", "http://"] where origin.hasPrefix(scheme) {
            let rest = origin.dropFirst(scheme.count)
            let host = rest.prefix { $0 != ":" }
            return host.isEmpty || rest.contains("/") ? nil : String(host)
        }
        return nil
    }
}
