import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging

extension PortalCore {
    /// A page, with what the visit has left for it.
    func page(
        _ screen: Screen, status: HTTPResponse.Status = .ok, for request: Request, _ context: PortalContext
    ) -> Response {
        let isLookedAt = status == .ok && request.method == .get
        let note = isLookedAt ? notes.note(in: request, secret: context.session.secret) : nil
        let shown = note.map { screen.saying($0, for: request, context.language, now: now) } ?? screen
        let html = renderer.render(
            shown, language: context.language, formToken: context.session.formToken,
            path: PortalRoutes.page(of: request.uri.path))
        configuration.onPage(
            PageView(
                path: request.uri.path, steps: shown.steps, language: context.language,
                userID: context.session.visitor?.account.userID, message: shown.alert?.alertText,
                isRefusal: shown.alert?.isError ?? false, status: status.code))
        let response = Response(
            status: status, headers: [.contentType: "text/html; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
        return note.map { !$0.isKept(by: request) } == true ? response.withCookie(notes.removal) : response
    }

    /// The same page again with what is wrong.
    func refusal(
        _ screen: Screen, _ phrase: Phrase, for request: Request, _ context: PortalContext
    ) -> Response {
        let response = page(
            screen.refusing(phrase.text(context.language)), status: .unprocessableContent, for: request, context)
        return keeping(phrase, on: screen, response, for: request, context)
    }

    /// The answer to a form, and for the page in the other language what it complains about.
    private func keeping(
        _ phrase: Phrase, until: Date? = nil, on screen: Screen, _ response: Response, for request: Request,
        _ context: PortalContext
    ) -> Response {
        let note = VisitNote(
            path: PortalRoutes.page(of: request.uri.path), phrase: phrase,
            refusal: VisitNote.Refusal(on: screen, until: until))
        return notes.header(note, secret: context.session.secret).map(response.withCookie) ?? response
    }

    /// The same page again after too many attempts.
    func delay(
        _ screen: Screen, seconds: Int, for request: Request, _ context: PortalContext
    ) -> Response {
        let failure = PortalFailure.tooManyAttempts(seconds: seconds)
        var response = page(
            screen.refusing(failure.message(context.language)), status: failure.status, for: request, context)
        response.headers[.retryAfter] = String(seconds)
        let until = now.addingTimeInterval(TimeInterval(seconds))
        return keeping(.tooManyAttempts, until: until, on: screen, response, for: request, context)
    }

    /// The same page again because a mail could not be sent.
    func mailNotSent(
        _ error: any MailTransportError, on screen: Screen, for request: Request, _ context: PortalContext
    ) -> Response {
        context.logger.error("mail not delivered", metadata: ["error": "\(error)"])
        var response = page(
            screen.refusing(Phrase.mailNotSent.text(context.language)), status: .serviceUnavailable, for: request,
            context)
        response.headers[.retryAfter] = "60"
        return keeping(.mailNotSent, on: screen, response, for: request, context)
    }

    /// Sends the browser on with GET.
    func redirect(to path: String) -> Response {
        Response(status: .seeOther, headers: [.location: path])
    }

    /// A failure as a page, or as JSON for the JSON endpoints.
    func response(to failure: PortalFailure, for request: Request, _ context: PortalContext) -> Response {
        var response: Response
        if request.uri.path.hasPrefix("/webauthn/") {
            configuration.onPage(
                PageView(
                    path: request.uri.path, steps: [], language: context.language,
                    userID: context.session.visitor?.account.userID, message: failure.message(context.language),
                    isRefusal: true, status: failure.status.code))
            response = json(
                ErrorBody(error: failure.code, message: failure.message(context.language)), status: failure.status)
        } else {
            var screen = Screen(title: failure.title(context.language))
            // A page under another name than the portal's own cannot send forms: its own name helps.
            let (start, text) =
                failure == .crossOrigin
                ? (origins.base + "/", Phrase.foreignForm.text(context.language, origins.base))
                : ("/", failure.message(context.language))
            screen.links = [Screen.Link(linkPath: start, linkLabel: Phrase.backToStart.text(context.language))]
            response = page(screen.refusing(text), status: failure.status, for: request, context)
        }
        switch failure {
        case .tooManyAttempts(let seconds): response.headers[.retryAfter] = String(seconds)
        case .methodNotAllowed(let allowed): response.headers[.allow] = allowed
        default: break
        }
        return response
    }

    /// A JSON answer.
    func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
        // Encoding these plain values cannot fail; should it ever, the status still tells the client.
        let text = (try? JSONText.encode(value)) ?? "{}"
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// The cookie that carries a visit's secret.
    func sessionCookie(_ secret: [UInt8]) -> String {
        SessionCookie(isSecure: origins.areSecure).header(secret: secret)
    }

    /// The body of a failed JSON request.
    private struct ErrorBody: Encodable {
        let error: String
        let message: String
    }
}

extension Response {
    /// This answer, with a visit's new cookie.
    func withCookie(_ cookie: String) -> Response {
        var response = self
        response.headers.append(HTTPField(name: .setCookie, value: cookie))
        return response
    }
}
