import FoundationEssentials
import Hummingbird
import WebAuthnModel

/// The mark of a browser in which somebody has logged in to an account: guesses at that account's password are counted apart there,
/// so that strangers who guess all the time slow each other down and not the account's owner.
///
/// The mark says nothing about the account, and lets nobody in. It is void after a year, and when the account's password is
/// changed, it is reset, or its owner logs out everywhere.
struct KnownBrowser: Sendable {
    private static let nonceByteCount = 16
    private static let momentByteCount = 8
    private static let tagByteCount = 32
    private static let lifetime = 365 * 86_400
    /// How far ahead of the clock a mark may be, in seconds: the clock may have been put right.
    private static let tolerance = 60

    /// Makes and recognises the marks, over restarts.
    let sealing: SealingKey
    /// Whether the portal is reached over TLS.
    let isSecure: Bool

    private var name: String { isSecure ? "__Host-portal-browser" : "portal-browser" }

    /// The value of `Set-Cookie` for a browser in which somebody has just logged in; `nil` when it is known already.
    func header(for account: Account, now: Date, answering request: Request) -> String? {
        guard nonce(in: request, for: account, now: now) == nil else { return nil }
        let moment = UInt64(max(now.timeIntervalSince1970, 0))
        let named =
            Secret.random(KnownBrowser.nonceByteCount)
            + (0..<KnownBrowser.momentByteCount).reversed().map { UInt8(truncatingIfNeeded: moment >> ($0 * 8)) }
        let mark = Base64URL.encode(named + tag(of: named, for: account))
        return "\(name)=\(mark); Path=/; Max-Age=\(KnownBrowser.lifetime); HttpOnly; SameSite=Lax"
            + (isSecure ? "; Secure" : "")
    }

    /// What sets a browser apart in which somebody has logged in to an account; `nil` for others.
    func nonce(in request: Request, for account: Account, now: Date) -> String? {
        let namedByteCount = KnownBrowser.nonceByteCount + KnownBrowser.momentByteCount
        guard let value = request.cookies[name]?.value, let mark = Base64URL.decode(value),
            mark.count == namedByteCount + KnownBrowser.tagByteCount
        else { return nil }
        let named = Array(mark.prefix(namedByteCount))
        guard Secret.areEqual(Array(mark.dropFirst(namedByteCount)), tag(of: named, for: account)) else { return nil }
        let moment = named.dropFirst(KnownBrowser.nonceByteCount).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let age = now.timeIntervalSince1970 - Double(moment)
        guard (-Double(KnownBrowser.tolerance)..<Double(KnownBrowser.lifetime)).contains(age) else { return nil }
        return Base64URL.encode(Array(named.prefix(KnownBrowser.nonceByteCount)))
    }

    private func tag(of named: [UInt8], for account: Account) -> [UInt8] {
        sealing.tag(
            of: "\(Base64URL.encode(named)) \(Base64URL.encode(account.browserEpoch))",
            for: "browser known to account \(account.id)")
    }
}

extension PortalCore {
    /// The browsers that the portal knows.
    var knownBrowsers: KnownBrowser { KnownBrowser(sealing: sealing, isSecure: origins.areSecure) }
}
