import FoundationEssentials
import Hummingbird
import WebAuthnModel

/// What one answer of a visit leaves for the page that it leads to: said there, once.
///
/// It travels in a cookie that only the portal can make, and for one visit: no link makes a page say something, and who has not
/// logged in leaves nothing in the database. Other pages, in other tabs, let it be; one that no page takes is soon forgotten.
/// A refusal waits for the same page in another language, and is gone with the first look at it without such a wish.
struct VisitNote: Codable, Sendable, Equatable {
    /// What a form was refused for, and what was typed into it, but no password: for the page in the other language, to which a link
    /// leads that sends no form again.
    struct Refusal: Codable, Sendable, Equatable {
        /// When there is nothing to wait for any more, for those who must wait.
        var until: Date?
        /// What was typed, by the names of the fields.
        var values: [String: String] = [:]
        /// The names of the fields that were wrong.
        var wrongFields: [String] = []

        /// What a screen shows of it.
        init(on screen: Screen, until: Date?) {
            self.until = until
            for field in screen.forms.flatMap(\.fields) {
                if field.isInvalid { wrongFields.append(field.fieldName) }
                if field.fieldType != "password" { values[field.fieldName] = field.fieldValue }
            }
        }
    }

    /// The page that it is for.
    let path: String
    /// What is said there.
    let phrase: Phrase
    /// That it was refused; `nil` for what was done.
    var refusal: Refusal?
}

/// The cookie of a ``VisitNote``.
struct VisitNoteCookie: Sendable {
    /// How long a note waits for the page that the browser is on its way to, in seconds.
    private static let lifetime = 60
    /// How long a refusal waits for somebody who looks for another language, in seconds.
    private static let refusalLifetime = 600
    /// The most bytes of a sealed note; browsers drop a cookie of more than 4096, and would keep the note before it.
    private static let maximumByteCount = 2048

    /// Seals the notes, and opens them.
    let sealing: SealingKey
    /// Whether the portal is reached over TLS.
    let isSecure: Bool

    private var name: String { isSecure ? "__Host-portal-note" : "portal-note" }

    /// The value of `Set-Cookie` for a note of the visit with a secret; `nil` if it cannot be made, and then less is said.
    func header(_ note: VisitNote, secret: [UInt8]) -> String? {
        guard let json = try? JSONEncoder().encode(note),
            let sealed = try? sealing.seal(Array(json), for: VisitNoteCookie.place(secret))
        else { return nil }
        guard sealed.count <= VisitNoteCookie.maximumByteCount else { return removal }
        let lifetime = note.refusal == nil ? VisitNoteCookie.lifetime : VisitNoteCookie.refusalLifetime
        return header(Base64URL.encode(sealed), lifetime: lifetime)
    }

    /// The value of `Set-Cookie` that takes a note away.
    var removal: String { header("", lifetime: 0) }

    /// The note that a request of a visit brings for its path; `nil` for anything else, such as what somebody has invented.
    func note(in request: Request, secret: [UInt8]) -> VisitNote? {
        guard let value = request.cookies[name]?.value, let sealed = Base64URL.decode(value),
            let json = try? sealing.open(sealed, for: VisitNoteCookie.place(secret)),
            let note = try? JSONDecoder().decode(VisitNote.self, from: Data(json)), note.path == request.uri.path
        else { return nil }
        return note
    }

    private func header(_ value: String, lifetime: Int) -> String {
        "\(name)=\(value); Path=/; Max-Age=\(lifetime); HttpOnly; SameSite=Lax\(isSecure ? "; Secure" : "")"
    }

    private static func place(_ secret: [UInt8]) -> String {
        "note of visit \(Base64URL.encode(Secret.digest(secret)))"
    }
}

extension PortalCore {
    /// The cookie that carries notes from one page to the next.
    var notes: VisitNoteCookie { VisitNoteCookie(sealing: sealing, isSecure: origins.areSecure) }

    /// Sends the browser on with GET, to a page that then says something.
    ///
    /// - Parameter secret: that of the visit, or of the one that begins with this answer.
    func redirect(to path: String, saying phrase: Phrase, in secret: [UInt8]) -> Response {
        let response = redirect(to: path)
        return notes.header(VisitNote(path: path, phrase: phrase), secret: secret).map(response.withCookie) ?? response
    }
}

extension VisitNote {
    /// Whether it stays for further looks: at a refusal in one language and the other.
    func isKept(by request: Request) -> Bool { refusal != nil && request.uri.queryParameters["lang"] != nil }
}

extension Screen {
    /// This page with what the visit has left for it.
    func saying(_ note: VisitNote, for request: Request, _ language: Language, now: Date) -> Screen {
        guard let refusal = note.refusal else {
            // What this page complains about is more urgent.
            var screen = alert?.isError == true ? self : noting(note.phrase.text(language))
            screen.endsVisit = [.noticeLoggedOut, .noticeLoggedOutEverywhere, .noticeLoginNeeded].contains(note.phrase)
            return screen
        }
        guard note.isKept(by: request) else { return self }
        var screen = self
        for form in screen.forms.indices {
            for field in screen.forms[form].fields.indices {
                let name = screen.forms[form].fields[field].fieldName
                if let value = refusal.values[name] { screen.forms[form].fields[field].fieldValue = value }
                screen.forms[form].fields[field].isInvalid = refusal.wrongFields.contains(name)
            }
        }
        guard let until = refusal.until else { return screen.refusing(note.phrase.text(language)) }
        let seconds = Int(until.timeIntervalSince(now).rounded(.up))
        return seconds > 0 ? screen.refusing(note.phrase.text(language, Wait.text(seconds: seconds, language))) : screen
    }
}
