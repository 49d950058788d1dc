/// Runs `body` with a fresh browser at the portal that the options name.
func withPortal(
    _ options: PasskeyOptions, _ body: (PortalSession, _ origin: String) async throws -> Void
) async throws {
    guard let origin = try options.portalOrigin() else { throw CommandFailure("give the portal's URL") }
    try await withHTTPClient(authorities: try await options.portalAuthorities()) { client in
        try await body(PortalSession(browser: WebBrowser(origin: origin, client: client)), origin)
    }
}
