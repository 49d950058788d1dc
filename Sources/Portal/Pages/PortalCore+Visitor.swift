import Hummingbird

/// What a page may go on with: the visitor, or the answer that sends the browser elsewhere.
enum Admission: Sendable {
    case visitor(Session.Visitor)
    case elsewhere(Response)
}

extension PortalCore {
    /// Admits a visitor to a page of chapter 1 whose turn it is; a reload or the back button leads to the step that is due.
    func admit(to steps: Set<FirstLoginStep>, _ context: PortalContext) -> Admission {
        guard let visitor = context.session.visitor else { return .elsewhere(loginNeeded()) }
        guard steps.contains(visitor.account.step), visitor.account.step != .complete else {
            return .elsewhere(redirect(to: context.session.duePath))
        }
        return .visitor(visitor)
    }

    /// Admits a visitor whose due page is one of these.
    func admit(toPaths paths: Set<String>, _ context: PortalContext) -> Admission {
        guard let visitor = context.session.visitor else { return .elsewhere(loginNeeded()) }
        guard paths.contains(context.session.duePath) else {
            return .elsewhere(redirect(to: context.session.duePath))
        }
        return .visitor(visitor)
    }

    /// Sends somebody who is not logged in to the login.
    func loginNeeded() -> Response { redirect(to: "/login?notice=login-needed") }
}
