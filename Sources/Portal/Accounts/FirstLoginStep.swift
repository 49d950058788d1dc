/// Where an account stands in chapter 1 of the manual; stored with the account and moved only forward, by one transaction each.
enum FirstLoginStep: String, Sendable, CaseIterable {
    /// 1.3: the date of birth is asked for.
    case dateOfBirth
    /// 1.4: the terms of use are to be accepted.
    case terms
    /// 1.5: a mail address is asked for.
    case mailAddress
    /// 1.6 and 1.7: the mail address waits for its confirmation.
    case mailConfirmation
    /// 1.8: how to authenticate is chosen.
    case method
    /// 1.9: a new password is asked for.
    case newPassword
    /// 1.10: nothing of chapter 1 is left.
    case complete

    /// The page of the step.
    var path: String {
        switch self {
        case .dateOfBirth: "/first-login/date-of-birth"
        case .terms: "/first-login/terms"
        case .mailAddress: "/first-login/mail-address"
        case .mailConfirmation: "/first-login/mail-confirmation"
        case .method: "/first-login/method"
        case .newPassword: "/first-login/password"
        case .complete: "/first-login/complete"
        }
    }
}
