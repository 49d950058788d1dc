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
        // Files belong to no visit; what else is sent to their paths is refused like anywhere.
        let isFile = PortalAssets.isAsset(request.uri.path) && [.get, .head].contains(request.method)
        if isFile { return try await next(request, context) }
        var context = context
        do {
            context.session = try await session(of: request, in: context.askedLanguage)
        } catch {
            // Whose visit it is could not be asked: the cookie, which may be a good one, stays as it is.
            return response(to: error, for: request, context)
        }
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = self.response(to: error, for: request, context)
        }
        // Another site's form brings no cookie (SameSite=Lax) though the browser may have a good one, which the answer to such a
        // navigation would replace (RFC 6265bis §5.7).
        let isForeign = request.method == .post && core.origins.areForeign(to: request)
        let name = SessionCookie(isSecure: core.origins.areSecure).name + "="
        if context.session.isNew, !isForeign,
            !response.headers[values: .setCookie].contains(where: { $0.hasPrefix(name) })
        {
            response = response.withCookie(core.sessionCookie(context.session.secret))
        }
        return response
    }

    private func session(of request: Request, in language: Language?) async throws -> Session {
        guard let secret = SessionCookie(isSecure: core.origins.areSecure).secret(in: request) else {
            return Session(secret: core.secrets.issue(), isNew: true, visitor: nil)
        }
        let now = core.now
        guard
            let found = try await core.database.read({ try SessionStore.find(secret: secret, now: now, in: $0) })
        else {
            // A secret of somebody who has not logged in, or of a visit that has ended; or an invention.
            let isIssued = core.secrets.isIssued(secret)
            return Session(secret: isIssued ? secret : core.secrets.issue(), isNew: !isIssued, visitor: nil)
        }
        if found.isStale {
            try await core.database.write { try SessionStore.touch(secret: secret, now: now, in: $0) }
        }
        if let language, found.visitor.account.language != language {
            let accountID = found.visitor.account.id
            try await core.database.writeSoon { try Account.note(language, of: accountID, in: $0) }
        }
        return Session(secret: secret, isNew: false, visitor: found.visitor)
    }

    private func response(to error: any Error, for request: Request, _ context: PortalContext) -> Response {
        let failure = SessionMiddleware.failure(from: error, request: request)
        if failure == .internalError {
            context.logger.error("request failed", metadata: ["error": "\(error)"])
        }
        return core.response(to: failure, for: request, context)
    }

    /// What an error means for the visitor; ``PortalFailure/internalError`` is what nobody foresaw.
    static func failure(from error: any Error, request: Request) -> PortalFailure {
        switch error {
        // The portal is shutting down.
        case is CancellationError: return .unavailable
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
