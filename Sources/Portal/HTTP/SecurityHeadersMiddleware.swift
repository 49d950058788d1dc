import HTTPTypes
import Hummingbird

/// Headers that every answer carries.
struct SecurityHeadersMiddleware: RouterMiddleware {
    /// Whether browsers shall come over TLS only, for a year; not for `localhost`, where other programs serve plain HTTP.
    let isStrict: Bool

    static let contentSecurityPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
        "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
    ].joined(separator: "; ")

    func handle(
        _ request: Request, context: PortalContext, next: (Request, PortalContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        for (name, value) in [
            ("content-security-policy", SecurityHeadersMiddleware.contentSecurityPolicy),
            ("x-content-type-options", "nosniff"),
            // Not no-referrer: browsers would send the portal's own forms with `Origin: null` (Fetch, "append a request
            // `Origin` header").
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        if isStrict, let name = HTTPField.Name("strict-transport-security") {
            response.headers[name] = "max-age=31536000"
        }
        if !response.headers.contains(.cacheControl) { response.headers[.cacheControl] = "no-store" }
        return response
    }
}
