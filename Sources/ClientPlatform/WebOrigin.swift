/// The origin of a page that may use WebAuthn: a secure context whose host is a domain.
///
/// WebAuthn Level 3 §5.1.3 and §5.1.4, the steps about the effective domain.
public struct WebOrigin: Hashable, Sendable {
    /// The serialized origin, as client data carry it.
    public let serialized: String
    /// The host, a domain in lower case.
    public let host: String

    /// Reads a serialized origin: `https://domain[:port]`, or `http://` for `localhost` and names below it.
    ///
    /// An IP address such as `127.0.0.1` may be a secure context, but is no domain and cannot be an RP ID: refused.
    public init(_ serialized: String) throws(ClientPlatformError) {
        let parts = serialized.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard let scheme = parts.first, let rest = parts.last, parts.count == 2 else {
            throw .insecureOrigin(serialized)
        }
        let hostAndPort = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let host = hostAndPort.first.map(String.init) ?? ""
        guard Self.isDomain(host) else { throw .insecureOrigin(serialized) }
        if hostAndPort.count == 2 {
            // The scheme's own port is never part of a serialized origin.
            guard let port = hostAndPort.last.flatMap({ UInt16($0) }), rest == "\(host):\(port)",
                port != (scheme == "https" ? 443 : 80)
            else {
                throw .insecureOrigin(serialized)
            }
        }
        let isLocal = host == "localhost" || host.hasSuffix(".localhost")
        guard scheme == "https" || (scheme == "http" && isLocal) else { throw .insecureOrigin(serialized) }
        self.serialized = serialized
        self.host = host
    }

    /// The RP ID to use: the host when none is given, else the given one if this origin may claim it.
    ///
    /// It must equal the host or be a suffix of it at a label boundary that is not a public suffix. Deviation: no
    /// public suffix list is bundled, so only suffixes of a single label are known to be public; `co.jp` is not.
    func relyingPartyID(_ id: String?) throws(ClientPlatformError) -> String {
        guard let id, id != host else { return host }
        guard Self.isDomain(id), host.hasSuffix(".\(id)") else { throw .relyingPartyID(id, host: host) }
        guard id.contains(".") else { throw .publicSuffix(id) }
        return id
    }

    /// Lower-case labels of letters, digits, hyphens and underscores, the last of which is not a number.
    static func isDomain(_ text: String) -> Bool {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let areLabels = labels.allSatisfy { label in
            !label.isEmpty
                && label.allSatisfy {
                    UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || digits ~= $0 || $0 == UInt8(ascii: "-")
                        || $0 == UInt8(ascii: "_")
                }
        }
        return areLabels && labels.last?.allSatisfy(digits.contains) == false && text.utf8.count <= 253
    }
}
