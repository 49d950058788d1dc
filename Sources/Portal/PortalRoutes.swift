import Hummingbird

/// Which page or endpoint answers at which path: one table, from which everything else is derived.
enum PortalRoutes {
    typealias Handler = @Sendable (Request, PortalContext) async throws -> Response

    /// One line of the table; a segment that begins with `:` stands for any.
    struct Route: Sendable {
        let path: String
        let method: HTTPRequest.Method
        let makeHandler: @Sendable (PortalCore) -> Handler
    }

    /// The responder of the whole portal.
    static func responder(_ core: PortalCore) -> some HTTPResponder<PortalContext> {
        let router = Router(context: PortalContext.self, options: [.autoGenerateHeadEndpoints])
        router.middlewares.add(
            SecurityHeadersMiddleware(
                isStrict: core.origins.areSecure && core.configuration.relyingPartyID != "localhost"))
        router.middlewares.add(
            LanguageMiddleware(fallback: core.configuration.language, isSecure: { core.origins.areSecure }))
        router.middlewares.add(SessionMiddleware(core: core))
        router.middlewares.add(OriginMiddleware(origins: core.origins))
        router.middlewares.add(KnownBrowserMiddleware(core: core))
        for path in PortalAssets.paths {
            router.get(RouterPath(path)) { _, _ in try PortalAssets.response(for: path) }
        }
        for route in all {
            let handler = route.makeHandler(core)
            router.on(RouterPath(route.path), method: route.method) { request, context in
                try await handler(request, context)
            }
        }
        return router.buildResponder()
    }

    /// What a path does that exists, when a request uses a method it does not have; `nil` for other paths.
    static func allowedMethods(for path: String) -> String? {
        if PortalAssets.isAsset(path) { return "GET, HEAD" }
        let segments = path.split(separator: "/")
        let methods = all.filter { route in
            let pattern = route.path.split(separator: "/")
            return pattern.count == segments.count
                && zip(pattern, segments).allSatisfy { $0.hasPrefix(":") || $0 == $1 }
        }.map(\.method)
        guard !methods.isEmpty else { return nil }
        let allowed = (methods.contains(.get) ? ["GET", "HEAD"] : []) + (methods.contains(.post) ? ["POST"] : [])
        return allowed.joined(separator: ", ")
    }

    /// The page that a path belongs to: its own, or, where forms are sent that have no page there, the one above.
    static func page(of path: String) -> String {
        guard path != "", let allowed = allowedMethods(for: path), !allowed.contains("GET") else {
            return path.isEmpty ? "/" : path
        }
        return page(of: String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)))
    }

    /// All lines.
    static let all: [Route] = [firstLogin, login, settings, endpoints].flatMap { $0.flatMap { $0 } }

    private static func get(_ path: String, _ makeHandler: @escaping @Sendable (PortalCore) -> Handler) -> [Route] {
        [Route(path: path, method: .get, makeHandler: makeHandler)]
    }

    private static func post(_ path: String, _ makeHandler: @escaping @Sendable (PortalCore) -> Handler) -> [Route] {
        [Route(path: path, method: .post, makeHandler: makeHandler)]
    }

    /// A page with a form that is sent to its own path.
    private static func form(
        _ path: String, _ show: @escaping @Sendable (PortalCore) -> Handler,
        _ submit: @escaping @Sendable (PortalCore) -> Handler
    ) -> [Route] { get(path, show) + post(path, submit) }

    private static let firstLogin: [[Route]] = [
        form(
            "/first-login/date-of-birth", { IdentityPages(core: $0).showDateOfBirth },
            { IdentityPages(core: $0).submitDateOfBirth }),
        form(
            "/first-login/terms", { IdentityPages(core: $0).showTerms }, { IdentityPages(core: $0).submitTerms }),
        form(
            "/first-login/mail-address", { MailPages(core: $0).showAddress }, { MailPages(core: $0).submitAddress }),
        form(
            "/first-login/mail-confirmation", { MailPages(core: $0).showWaiting }, { MailPages(core: $0).sendAgain }),
        form("/mail-confirmation/:token", { MailPages(core: $0).showLink }, { MailPages(core: $0).confirm }),
        form(
            "/first-login/method", { MethodPages(core: $0).showMethod }, { MethodPages(core: $0).submitMethod }),
        form(
            "/first-login/password", { MethodPages(core: $0).showPassword }, { MethodPages(core: $0).submitPassword }),
        get("/first-login/complete") { MethodPages(core: $0).showComplete },
    ]

    private static let login: [[Route]] = [
        get("/") { core in { _, context in core.redirect(to: context.session.duePath) } },
        form("/login", { LoginPages(core: $0).show }, { LoginPages(core: $0).submit }),
        post("/logout") { LoginPages(core: $0).logOut },
        get("/login/passkey") { PasskeyPages(core: $0).showLogin },
        form(
            "/login/one-time-password", { OneTimePasswordPages(core: $0).showLogin },
            { OneTimePasswordPages(core: $0).submitLogin }),
        form("/login/mail-code", { MailCodePages(core: $0).show }, { MailCodePages(core: $0).submit }),
        post("/login/mail-code/send") { MailCodePages(core: $0).sendAgain },
        get("/passkeys/new") { PasskeyPages(core: $0).showSetUp },
        form("/passkeys/name", { PasskeyPages(core: $0).showNaming }, { PasskeyPages(core: $0).submitName }),
        form(
            "/one-time-password/set-up", { OneTimePasswordPages(core: $0).showSetUp },
            { OneTimePasswordPages(core: $0).submitSetUp }),
        get(HelpPage.path) { HelpPage(core: $0).show },
        get("/top") { PasskeyPages(core: $0).showTop },
        get("/mail") { MailboxPage(core: $0).show },
    ]

    private static let settings: [[Route]] = [
        get("/settings") { SettingsPages(core: $0).show },
        post("/settings/log-out-everywhere") { SettingsPages(core: $0).logOutEverywhere },
        form("/settings/method", { SettingsPages(core: $0).showMethod }, { SettingsPages(core: $0).submitMethod }),
        form(
            "/settings/password", { SettingsPages(core: $0).showPassword }, { SettingsPages(core: $0).submitPassword }),
        form("/settings/mail-address", { MailAddressPages(core: $0).show }, { MailAddressPages(core: $0).submit }),
        get("/settings/passkeys") { PasskeySettingsPages(core: $0).showList },
        form(
            "/settings/passkeys/:credential", { PasskeySettingsPages(core: $0).show },
            { PasskeySettingsPages(core: $0).rename }),
        form(
            "/settings/passkeys/:credential/removal", { PasskeySettingsPages(core: $0).showRemoval },
            { PasskeySettingsPages(core: $0).remove }),
    ]

    private static let endpoints: [[Route]] = [
        get("/.well-known/webauthn") { RelatedOriginsEndpoint(core: $0).show },
        post("/webauthn/registration/options") { RegistrationEndpoints(core: $0).options },
        post("/webauthn/registration/verification") { RegistrationEndpoints(core: $0).verification },
        post("/webauthn/authentication/options") { AuthenticationEndpoints(core: $0).options },
        post("/webauthn/authentication/verification") { AuthenticationEndpoints(core: $0).verification },
        get("/.well-known/change-password") { WellKnownPages(core: $0).changePassword },
        get("/.well-known/passkey-endpoints") { WellKnownPages(core: $0).passkeyEndpoints },
    ]
}
