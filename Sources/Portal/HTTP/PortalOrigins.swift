import Synchronization

/// The origins of the portal's own pages; with a free port they are known only once the portal listens.
final class PortalOrigins: Sendable {
    private let configured: [String]
    private let relyingPartyID: String
    private let port = Mutex<Int?>(nil)

    private let isSecure: Bool

    init(configured: [String], relyingPartyID: String, isSecure: Bool) {
        self.isSecure = isSecure
        self.configured = configured
        self.relyingPartyID = relyingPartyID
    }

    /// Takes note of the port.
    func listening(port: Int) { self.port.withLock { $0 = port } }

    /// All origins, the one for links first.
    var all: [String] {
        guard configured.isEmpty else { return configured }
        // The scheme's own port is never part of an origin.
        let port = port.withLock { $0 }.flatMap { $0 == (isSecure ? 443 : 80) ? nil : ":\($0)" }
        return ["\(isSecure ? "https" : "http")://\(relyingPartyID)\(port ?? "")"]
    }

    /// The host names of the origins.
    var hosts: [String] {
        all.map { origin in
            let authority = origin.split(separator: "/").last.map(String.init) ?? ""
            return PortalOrigins.host(ofAuthority: authority)
        }
    }

    /// A host and port without the port.
    static func host(ofAuthority authority: String) -> String {
        guard let colon = authority.lastIndex(of: ":"), Int(authority[authority.index(after: colon)...]) != nil else {
            return authority
        }
        return String(authority[..<colon])
    }

    /// Where links lead.
    var base: String { all.first ?? "" }

    /// Whether the pages come over TLS.
    var areSecure: Bool { base.hasPrefix("https://") }
}
