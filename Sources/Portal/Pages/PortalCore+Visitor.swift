import GRDB
import Hummingbird

/// What a page may go on with: the visitor, or the answer that sends the browser elsewhere.
enum Admission: Sendable {
    case visitor(Session.Visitor)
    case elsewhere(Response)
}

extension Screen {
    /// Says why more is asked for, to somebody who is logged in already.
    mutating func explainProof(_ context: PortalContext) {
        guard context.session.duePath == "/top" else { return }
        paragraphs.insert(Phrase.proofAgain.text(context.language), at: 0)
    }
}

extension PortalCore {
    /// Admits a visitor to a page of chapter 1 whose turn it is; a reload or the back button leads to the step that is due.
    func admit(to steps: Set<FirstLoginStep>, _ context: PortalContext) -> Admission {
        guard let visitor = context.session.visitor else { return .elsewhere(loginNeeded(context)) }
        guard steps.contains(visitor.account.step), visitor.account.step != .complete else {
            return .elsewhere(redirect(to: context.session.duePath))
        }
        return .visitor(visitor)
    }

    /// Admits a visitor whose due page is one of these.
    func admit(toPaths paths: Set<String>, _ context: PortalContext) -> Admission {
        guard let visitor = context.session.visitor else { return .elsewhere(loginNeeded(context)) }
        guard paths.contains(context.session.duePath) else {
            return .elsewhere(redirect(to: context.session.duePath))
        }
        return .visitor(visitor)
    }

    /// Admits a visitor who is to prove more than the password: to log in, or again before a setting is changed.
    func admit(toProofBy method: AuthenticationMethod, _ context: PortalContext) -> Admission {
        guard let visitor = context.session.visitor else { return .elsewhere(loginNeeded(context)) }
        let due = context.session.duePath
        let isAgain = due == "/top" && visitor.account.method == method && !visitor.isFreshlyProven
        return due == method.proofPath || isAgain ? .visitor(visitor) : .elsewhere(redirect(to: due))
    }

    /// Admits a visitor to a setting that decides how one logs in; who has not proven enough lately does so first and comes back.
    ///
    /// - Parameter paths: the due pages from which the setting can be reached.
    func admit(
        toChange purpose: SessionPurpose, from paths: Set<String> = ["/top"], _ context: PortalContext
    ) async throws -> Admission {
        guard case .visitor(let visitor) = admit(toPaths: paths, context) else {
            return admit(toPaths: paths, context)
        }
        if visitor.mayChangeLogin { return .visitor(visitor) }
        let session = context.session
        try await database.write { try SessionStore.note(purpose, for: session, in: $0) }
        return .elsewhere(redirect(to: visitor.account.method.proofPath))
    }

    /// Goes on after more than the password was proven: under a fresh secret, to what the visit was about.
    ///
    /// - Returns: The secret for the cookie, and the next page.
    func goOn(
        as accountID: Int64, level: Session.Level, credentialID: [UInt8]? = nil, from session: Session,
        in database: Database
    ) throws -> (secret: [UInt8], next: String) {
        // Who was here may have ended the visit since the request began.
        guard try session.visitor == nil || SessionStore.isOpen(session, in: database) else {
            throw PortalFailure.loginRequired
        }
        let purpose = try SessionStore.purpose(of: session, in: database)
        let secret = try SessionStore.begin(
            secret: secrets.issue(), accountID: accountID, level: level, isFirstLogin: false,
            credentialID: credentialID, replacing: session, now: now, in: database)
        return (secret, purpose?.path ?? "/top")
    }

    /// Sends somebody who is not logged in to the login.
    func loginNeeded(_ context: PortalContext) -> Response {
        redirect(to: "/login", saying: .noticeLoginNeeded, in: context.session.secret)
    }
}
