import Hummingbird

/// Which page or endpoint answers at which path.
enum PortalRoutes {
    /// The responder of the whole portal.
    static func responder(_ core: PortalCore) -> some HTTPResponder<PortalContext> {
        let router = Router(context: PortalContext.self, options: [.autoGenerateHeadEndpoints])
        router.middlewares.add(SecurityHeadersMiddleware())
        router.middlewares.add(
            LanguageMiddleware(fallback: core.configuration.language, isSecure: { core.origins.areSecure }))
        router.middlewares.add(SessionMiddleware(core: core))
        for path in PortalAssets.paths {
            router.get(RouterPath(path)) { _, _ in try PortalAssets.response(for: path) }
        }
        for (path, endpoints) in endpoints(core) {
            for (method, handler) in endpoints {
                router.on(RouterPath(path), method: method) { request, context in
                    try await handler(request, context)
                }
            }
        }
        return router.buildResponder()
    }

    /// What a path does that exists, when a request uses a method it does not have; `nil` for other paths.
    static func allowedMethods(for path: String) -> String? {
        if PortalAssets.isAsset(path) || getOnly.contains(path) { return "GET, HEAD" }
        if postOnly.contains(path) { return "POST" }
        let segments = path.split(separator: "/")
        let isMailLink = segments.count == 2 && segments.first == "mail-confirmation"
        return getAndPost.contains(path) || isMailLink ? "GET, HEAD, POST" : nil
    }

    private static let getOnly: Set = ["/", "/first-login/complete", "/passkeys/new", "/login/passkey", "/top"]
    private static let postOnly: Set = [
        "/logout", "/webauthn/registration/options", "/webauthn/registration/verification",
        "/webauthn/authentication/options", "/webauthn/authentication/verification",
    ]
    private static let getAndPost: Set = [
        "/login", "/first-login/date-of-birth", "/first-login/terms", "/first-login/mail-address",
        "/first-login/mail-confirmation", "/first-login/method", "/first-login/password", "/passkeys/name",
    ]

    private typealias Handler = @Sendable (Request, PortalContext) async throws -> Response

    private static func endpoints(_ core: PortalCore) -> [(String, [(HTTPRequest.Method, Handler)])] {
        let login = LoginPages(core: core)
        let identity = IdentityPages(core: core)
        let mail = MailPages(core: core)
        let method = MethodPages(core: core)
        let passkeys = PasskeyPages(core: core)
        let registration = RegistrationEndpoints(core: core)
        let authentication = AuthenticationEndpoints(core: core)
        return [
            ("/", [(.get, { _, context in core.redirect(to: context.session.duePath) })]),
            ("/login", [(.get, login.show), (.post, login.submit)]),
            ("/logout", [(.post, login.logOut)]),
            ("/first-login/date-of-birth", [(.get, identity.showDateOfBirth), (.post, identity.submitDateOfBirth)]),
            ("/first-login/terms", [(.get, identity.showTerms), (.post, identity.submitTerms)]),
            ("/first-login/mail-address", [(.get, mail.showAddress), (.post, mail.submitAddress)]),
            ("/first-login/mail-confirmation", [(.get, mail.showWaiting), (.post, mail.sendAgain)]),
            ("/mail-confirmation/:token", [(.get, mail.showLink), (.post, mail.confirm)]),
            ("/first-login/method", [(.get, method.showMethod), (.post, method.submitMethod)]),
            ("/first-login/password", [(.get, method.showPassword), (.post, method.submitPassword)]),
            ("/first-login/complete", [(.get, method.showComplete)]),
            ("/passkeys/new", [(.get, passkeys.showSetUp)]),
            ("/passkeys/name", [(.get, passkeys.showNaming), (.post, passkeys.submitName)]),
            ("/login/passkey", [(.get, passkeys.showLogin)]),
            ("/top", [(.get, passkeys.showTop)]),
            ("/webauthn/registration/options", [(.post, registration.options)]),
            ("/webauthn/registration/verification", [(.post, registration.verification)]),
            ("/webauthn/authentication/options", [(.post, authentication.options)]),
            ("/webauthn/authentication/verification", [(.post, authentication.verification)]),
        ]
    }
}
