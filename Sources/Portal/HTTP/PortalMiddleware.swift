import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Headers that every answer carries.
struct SecurityHeadersMiddleware: RouterMiddleware {
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
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        if !response.headers.contains(.cacheControl) { response.headers[.cacheControl] = "no-store" }
        return response
    }
}

/// Finds the language: the page's link, the cookie that remembers it, the browser's wish, the portal's own.
struct LanguageMiddleware: RouterMiddleware {
    let fallback: Language
    let isSecure: @Sendable () -> Bool

    func handle(
        _ request: Request, context: PortalContext, next: (Request, PortalContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let chosen = request.uri.queryParameters["lang"].flatMap { Language(rawValue: String($0)) }
        let remembered = request.cookies["lang"].flatMap { Language(rawValue: $0.value) }
        let wished = request.headers[.acceptLanguage].flatMap(Language.init(acceptLanguage:))
        context.language = chosen ?? remembered ?? wished ?? fallback
        var response = try await next(request, context)
        response.headers[.contentLanguage] = context.language.rawValue
        if let chosen {
            let attributes = "Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax\(isSecure() ? "; Secure" : "")"
            response = response.withCookie("lang=\(chosen.rawValue); \(attributes)")
        }
        return response
    }
}

/// Finds the visit that a request belongs to, and turns failures into answers in the visitor's language.
struct SessionMiddleware: RouterMiddleware {
    let core: PortalCore

    func handle(
        _ request: Request, context: PortalContext, next: (Request, PortalContext) async throws -> Response
    ) async throws -> Response {
        if PortalAssets.isAsset(request.uri.path) { return try await next(request, context) }
        var context = context
        var response: Response
        do {
            context.session = try await session(of: request)
            response = try await next(request, context)
        } catch {
            let failure = SessionMiddleware.failure(from: error, request: request)
            if failure == .internalError {
                context.logger.error("request failed", metadata: ["error": "\(error)"])
            }
            response = core.response(to: failure, for: request, context)
        }
        if context.session.isNew, !response.headers.contains(.setCookie) {
            response = response.withCookie(core.sessionCookie(context.session.secret))
        }
        return response
    }

    private func session(of request: Request) async throws -> Session {
        guard let secret = SessionCookie(isSecure: core.origins.areSecure).secret(in: request) else {
            return .anonymous()
        }
        let now = core.now
        guard
            let found = try await core.database.read({ try SessionStore.find(secret: secret, now: now, in: $0) })
        else { return Session(secret: secret, isNew: false, visitor: nil) }
        if found.isStale {
            try await core.database.write { try SessionStore.touch(secret: secret, now: now, in: $0) }
        }
        return Session(secret: secret, isNew: false, visitor: found.visitor)
    }

    private static func failure(from error: any Error, request: Request) -> PortalFailure {
        switch error {
        case let failure as PortalFailure: return failure
        case is NIOTooManyBytesError: return .tooLarge
        case let error as HTTPError:
            switch error.status {
            case .notFound:
                return PortalRoutes.allowedMethods(for: request.uri.path).map { .methodNotAllowed(allowed: $0) }
                    ?? .notFound
            case .contentTooLarge: return .tooLarge
            case .badRequest: return .badRequest
            default: return .internalError
            }
        default: return .internalError
        }
    }
}
