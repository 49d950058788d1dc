import Synchronization

/// The origins of the portal's own pages; with a free port they are known only once the portal listens.
final class PortalOrigins: Sendable {
    private let configured: [String]
    private let relyingPartyID: String
    private let port = Mutex<Int?>(nil)

    init(configured: [String], relyingPartyID: String) {
        self.configured = configured
        self.relyingPartyID = relyingPartyID
    }

    /// Takes note of the port.
    func listening(port: Int) { self.port.withLock { $0 = port } }

    /// All origins, the one for links first.
    var all: [String] {
        guard configured.isEmpty else { return configured }
        return ["http://\(relyingPartyID)\(port.withLock { $0 }.map { ":\($0)" } ?? "")"]
    }

    /// Where links lead.
    var base: String { all.first ?? "" }

    /// Whether the pages come over TLS.
    var areSecure: Bool { base.hasPrefix("https://") }
}
