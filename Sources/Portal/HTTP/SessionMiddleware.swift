import HTTPTypes
import Hummingbird
import Logging
import NIOCore

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
