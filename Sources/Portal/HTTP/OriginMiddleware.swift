import HTTPTypes
import Hummingbird

/// Refuses what another site's page sends, whatever else is right about it: no form's token has to be the only guard.
struct OriginMiddleware: RouterMiddleware {
    let origins: PortalOrigins

    func handle(
        _ request: Request, context: PortalContext, next: (Request, PortalContext) async throws -> Response
    ) async throws -> Response {
        guard request.method != .post || !origins.areForeign(to: request) else { throw PortalFailure.crossOrigin }
        return try await next(request, context)
    }
}

extension PortalOrigins {
    /// Whether a request says that a page of another site sends it.
    ///
    /// A program that says nothing is none of a browser's pages. `Origin: null` is what pages without an origin say (sandboxed
    /// frames, `data:` URLs); the portal's own send their origin, for their referrer policy lets them (Fetch, "append a request
    /// `Origin` header").
    func areForeign(to request: Request) -> Bool {
        if request.fetchSite == "cross-site" { return true }
        guard let origin = request.headers[.origin] else { return false }
        return !all.contains(origin)
    }
}

extension Request {
    /// How the page that sends it is related to the portal, as browsers say (Fetch Metadata Request Headers §2.4).
    var fetchSite: String? { HTTPField.Name("sec-fetch-site").flatMap { headers[$0] } }
}
