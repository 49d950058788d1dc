import Hummingbird
import WebAuthnModel

/// How a visit's secret travels: not readable by scripts, not sent by other sites' forms.
struct SessionCookie: Sendable {
    /// Whether the portal is reached over TLS.
    let isSecure: Bool

    /// The name; the prefix makes browsers refuse the cookie from anyone but this very host (RFC 6265bis §4.1.3.2).
    var name: String { isSecure ? "__Host-portal-session" : "portal-session" }

    /// The value of `Set-Cookie`.
    func header(secret: [UInt8]) -> String {
        "\(name)=\(Base64URL.encode(secret)); Path=/; HttpOnly; SameSite=Lax\(isSecure ? "; Secure" : "")"
    }

    /// The secret of a request, when it has one of the right form.
    func secret(in request: Request) -> [UInt8]? {
        guard let value = request.cookies[name]?.value, let secret = Base64URL.decode(value),
            secret.count == SessionSecrets.byteCount
        else { return nil }
        return secret
    }
}
