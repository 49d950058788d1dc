import HTTPTypes
import Hummingbird

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
        context.askedLanguage = chosen ?? remembered ?? wished
        context.language = context.askedLanguage ?? fallback
        var response = try await next(request, context)
        response.headers[.contentLanguage] = context.language.rawValue
        if let chosen {
            let attributes = "Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax\(isSecure() ? "; Secure" : "")"
            response = response.withCookie("lang=\(chosen.rawValue); \(attributes)")
        }
        return response
    }
}
