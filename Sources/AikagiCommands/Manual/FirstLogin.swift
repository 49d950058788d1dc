/// Chapter 1 of the manual, walked by a person with a browser and a mail program.
struct FirstLogin {
    /// The account as the letter names it, and what the person chooses.
    struct Account: Sendable {
        /// The user ID.
        var userID: String
        /// The password of the letter: symbol, number and date of birth.
        var initialPassword: String
        /// The date of birth, `YYYY-MM-DD`.
        var dateOfBirth: String
        /// The person's mail address.
        var mailAddress: String
        /// The password that the person chooses.
        var password: String
    }

    /// The person's browser.
    let portal: PortalSession
    /// The person's mail.
    let mailbox: MailReader
    /// The account.
    let account: Account
    /// Does a step; the demo also prints it.
    let perform: (String, () async throws -> (String, WebPage)) async throws -> WebPage

    /// Walks from the first page to the log-out.
    func walk() async throws {
        let browser = portal.browser
        var page = try await perform("1.1") {
            let page = try await browser.open("/")
            guard page.steps.contains("1.1") else { throw WebFailure("the portal does not show its login page") }
            return ("the portal's login page at \(browser.origin)", page)
        }
        page = try await perform("1.2") {
            let next = try await portal.submit(
                [("userID", account.userID), ("password", account.initialPassword)], on: page, expecting: "1.3")
            return ("logged in as \(account.userID); the portal asks for more", next)
        }
        page = try await perform("1.3") {
            ("accepted", try await portal.submit([("dateOfBirth", account.dateOfBirth)], on: page, expecting: "1.4"))
        }
        page = try await perform("1.4") {
            ("accepted", try await portal.submit([("decision", "accept")], on: page, expecting: "1.5"))
        }
        page = try await perform("1.5") {
            let next = try await portal.submit([("mailAddress", account.mailAddress)], on: page, expecting: "1.6")
            return ("the portal has sent a mail", next)
        }
        _ = try await perform("1.6") {
            let link = try await browser.open(try mailbox.confirmationPath(origin: browser.origin))
            let confirmed = try await browser.submit([], on: link)
            guard confirmed.status == 200 else { throw WebFailure(confirmed.alert ?? "the link was not accepted") }
            return ("link opened, address confirmed", confirmed)
        }
        page = try await perform("1.7") {
            let refreshed = try await browser.open(page.path)
            guard refreshed.steps.contains("1.8") else {
                throw WebFailure("the portal does not go on although the address is confirmed")
            }
            return ("the portal goes on", refreshed)
        }
        page = try await perform("1.8") {
            ("biometrics (passkey)", try await portal.submit([("method", "passkey")], on: page, expecting: "1.9"))
        }
        page = try await perform("1.9") {
            let fields = [("newPassword", account.password), ("repeatedPassword", account.password)]
            return ("accepted", try await portal.submit(fields, on: page, expecting: "1.10"))
        }
        page = try await perform("1.10") {
            // A reload must not lose what was reached.
            let again = try await browser.open("/")
            guard again.steps.contains("1.10") else { throw WebFailure("the first login is not complete") }
            return ("the portal says so, also after a reload", again)
        }
        _ = try await perform("1.11") {
            let login = try await browser.submit([], on: page, to: "/logout")
            guard login.steps.contains("1.2") else { throw WebFailure("the portal does not show its login page") }
            return ("logged out", login)
        }
    }
}
