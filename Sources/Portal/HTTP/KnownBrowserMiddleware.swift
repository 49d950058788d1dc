import Hummingbird

/// Marks the browser of somebody who has proven more than the password, with whichever page comes first after that.
struct KnownBrowserMiddleware: RouterMiddleware {
    let core: PortalCore

    func handle(
        _ request: Request, context: PortalContext, next: (Request, PortalContext) async throws -> Response
    ) async throws -> Response {
        let response = try await next(request, context)
        guard let visitor = context.session.visitor, visitor.level.isStrong,
            let mark = core.knownBrowsers.header(for: visitor.account, now: core.now, answering: request)
        else { return response }
        return response.withCookie(mark)
    }
}
