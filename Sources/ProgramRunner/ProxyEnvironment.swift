import Foundation
import TunnelService

/// What a program's environment says about proxies, before and after.
struct ProxyEnvironment: Hashable, Sendable {
    private let environment: [String: String]

    /// The present environment.
    init(_ environment: [String: String]) { self.environment = environment }

    /// Where connections go now that are not to the tunnel service.
    var others: ConnectProxyConfiguration.Others {
        let names = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        guard let text = names.lazy.compactMap({ environment[$0] }).first(where: { !$0.isEmpty }) else {
            return .direct
        }
        return ProxyEnvironment.proxy(text) ?? .direct
    }

    /// The variables that lead everything beyond this machine to a proxy of ours.
    ///
    /// - Parameter leavesHTTP: Whether plain HTTP, which never leads to a tunnel service, goes its own way.
    func changes(port: Int, leavesHTTP: Bool) -> [String: String?] {
        let proxy = "http://127.0.0.1:\(port)"
        let exceptions = ["no_proxy", "NO_PROXY"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        let noProxy = ([exceptions].compactMap(\.self) + ["localhost,127.0.0.1,::1"]).joined(separator: ",")
        var changes: [String: String?] = [
            "https_proxy": proxy, "HTTPS_PROXY": proxy, "no_proxy": noProxy, "NO_PROXY": noProxy,
        ]
        if !leavesHTTP {
            changes["http_proxy"] = proxy
            changes["HTTP_PROXY"] = proxy
        }
        // On these desktops Chromium asks the desktop's settings for a proxy and not the environment.
        changes.merge(["all_proxy": nil, "ALL_PROXY": nil, "auto_proxy": nil] as [String: String?]) { old, _ in old }
        for name in ["XDG_CURRENT_DESKTOP", "DESKTOP_SESSION", "GNOME_DESKTOP_SESSION_ID", "KDE_FULL_SESSION"] {
            changes[name] = .some(nil)
        }
        return changes
    }

    /// A proxy's URL: `http://[user:password@]host[:port]`, the scheme being optional.
    static func proxy(_ text: String) -> ConnectProxyConfiguration.Others? {
        var rest = text[...]
        if let scheme = rest.range(of: "://") {
            guard rest[..<scheme.lowerBound].lowercased() == "http" else { return nil }
            rest = rest[scheme.upperBound...]
        }
        rest = rest.prefix { $0 != "/" }
        var credentials: String?
        if let at = rest.lastIndex(of: "@") {
            credentials = String(rest[..<at]).removingPercentEncoding
            rest = rest[rest.index(after: at)...]
        }
        var port = 80
        if let colon = rest.lastIndex(of: ":"), !rest.hasSuffix("]") {
            guard let number = UInt16(rest[rest.index(after: colon)...]), number > 0 else { return nil }
            port = Int(number)
            rest = rest[..<colon]
        }
        if rest.hasPrefix("["), rest.hasSuffix("]") { rest = rest.dropFirst().dropLast() }
        guard !rest.isEmpty else { return nil }
        return .proxy(host: String(rest), port: port, credentials: credentials)
    }
}
