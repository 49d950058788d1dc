import Hummingbird
import WebAuthnModel

/// The mark of a browser in which somebody has logged in to an account: guesses at that account's password are counted apart there,
/// so that strangers who guess all the time slow each other down and not the account's owner.
///
/// The mark says nothing about the account, and lets nobody in.
struct KnownBrowser: Sendable {
    private static let nonceByteCount = 16
    private static let tagByteCount = 32
    private static let lifetime = 365 * 86_400

    /// Makes and recognises the marks, over restarts.
    let sealing: SealingKey
    /// Whether the portal is reached over TLS.
    let isSecure: Bool

    private var name: String { isSecure ? "__Host-portal-browser" : "portal-browser" }

    /// The value of `Set-Cookie` for a browser in which somebody has just logged in; `nil` when it is known already.
    func header(for accountID: Int64, answering request: Request) -> String? {
        guard nonce(in: request, for: accountID) == nil else { return nil }
        let nonce = Secret.random(KnownBrowser.nonceByteCount)
        let mark = Base64URL.encode(nonce + tag(of: nonce, for: accountID))
        return "\(name)=\(mark); Path=/; Max-Age=\(KnownBrowser.lifetime); HttpOnly; SameSite=Lax"
            + (isSecure ? "; Secure" : "")
    }

    /// What sets a browser apart in which somebody has logged in to an account; `nil` for others.
    func nonce(in request: Request, for accountID: Int64) -> String? {
        guard let value = request.cookies[name]?.value, let mark = Base64URL.decode(value),
            mark.count == KnownBrowser.nonceByteCount + KnownBrowser.tagByteCount
        else { return nil }
        let nonce = Array(mark.prefix(KnownBrowser.nonceByteCount))
        guard Secret.areEqual(Array(mark.dropFirst(nonce.count)), tag(of: nonce, for: accountID)) else { return nil }
        return Base64URL.encode(nonce)
    }

    private func tag(of nonce: [UInt8], for accountID: Int64) -> [UInt8] {
        sealing.tag(of: Base64URL.encode(nonce), for: "browser known to account \(accountID)")
    }
}

extension PortalCore {
    /// The browsers that the portal knows.
    var knownBrowsers: KnownBrowser { KnownBrowser(sealing: sealing, isSecure: origins.areSecure) }
}
