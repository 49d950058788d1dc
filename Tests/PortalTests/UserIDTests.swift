import Foundation
import GRDB
import Testing

@testable import Portal

/// User IDs as people type them: capital letters make no difference.
@Suite struct UserIDTests {
    private static let other = "HANAKO01"

    /// An account of an earlier version, which told capital letters apart.
    private func addOther(_ fixture: PortalFixture, password: String) async throws {
        let hash = try await fixture.portal.core.passwords.hash(password)
        try await fixture.portal.core.database.write {
            try $0.execute(
                sql: """
                    INSERT INTO account (userID, userHandle, name, dateOfBirth, passwordHash, firstLoginStep, createdAt)
                    VALUES (?, x'00', 'Hanako', '1980-01-31', ?, 'terms', 0)
                    """, arguments: [UserIDTests.other, hash])
        }
    }

    @Test("A login finds the account whatever the capital letters", arguments: ["hanako01", "HANAKO01", "Hanako01"])
    func login(userID: String) async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let wrong = try await browser.logIn("wrong password", userID: userID)
            #expect(wrong.status == 422 && wrong.says(Phrase.wrongPassword.text(.japanese)))
            // What was typed stays as it was typed, so that the page does not tell how an account is spelt.
            #expect(wrong.says(#"value="\#(userID)""#))
            #expect(try await browser.logIn(PortalFixture.initialPassword, userID: userID).steps == ["1.3"])
        }
    }

    @Test("Guesses count together for all spellings, of an account and of none", arguments: ["Hanako01", "Nobody01"])
    func limit(userID: String) async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let spellings = [userID, userID.lowercased(), userID.uppercased()]
            for index in 0..<5 {
                let wrong = try await browser.logIn("wrong", userID: spellings[index % 3])
                #expect(wrong.status == 422)
            }
            for spelling in spellings {
                #expect(try await browser.logIn(PortalFixture.initialPassword, userID: spelling).status == 429)
            }
        }
    }

    @Test("Of two accounts of an earlier version each is found by its very user ID, and neither by a third spelling")
    func twoAccounts() async throws {
        let fixture = try await PortalFixture()
        try await addOther(fixture, password: "the other one")
        try await fixture.browse { browser in
            let first = try await browser.logIn(PortalFixture.initialPassword)
            #expect(first.steps == ["1.3"])
            #expect(
                try await browser.another().logIn("the other one", userID: UserIDTests.other).steps == ["1.4"])
            for password in ["the other one", PortalFixture.initialPassword] {
                #expect(try await browser.another().logIn(password, userID: "Hanako01").status == 422)
            }
        }
        let accounts = fixture.portal.accounts
        await #expect(throws: PortalAccountError.userIDUnknown) {
            try await accounts.reset(userID: "Hanako01") { _ in "x" }
        }
        #expect(try await accounts.reset(userID: UserIDTests.other) { _ in "x" } == UserIDTests.other)
    }

    @Test("No account is added that differs from another in capital letters only")
    func refused() async throws {
        let fixture = try await PortalFixture()
        let accounts = fixture.portal.accounts
        let birth = try #require(CalendarDate("1980-02-29"))
        await #expect(throws: PortalAccountError.userIDTaken) {
            try await accounts.addUser(
                userID: UserIDTests.other, initialPassword: "x", dateOfBirth: birth, name: "Hanako")
        }
        let users = ["taro", "Taro"].map {
            NewUser(userID: $0, initialPassword: "x", dateOfBirth: birth, name: "Taro")
        }
        #expect(try await accounts.add(users) == ["Taro"])
        #expect(try await accounts.list().map(\.userID) == [PortalFixture.userID])
        #expect(try await accounts.reset(userID: UserIDTests.other) { _ in "x" } == PortalFixture.userID)
        // Where both are there already, there is no room for a third.
        try await addOther(fixture, password: "the other one")
        await #expect(throws: PortalAccountError.userIDTaken) {
            try await accounts.addUser(userID: "Hanako01", initialPassword: "x", dateOfBirth: birth, name: "Hanako")
        }
    }

    @Test("A list names the line, and the account as it is spelt")
    func list() async throws {
        let fixture = try await PortalFixture()
        let lines =
            ["userID,name,dateOfBirth,symbol,number"] + ["taro", "Hanako01", "TARO"].map { "\($0),N,1990-01-31,1,2" }
        let list = try AccountImport(
            csv: Array(lines.joined(separator: "\n").utf8), now: Date(timeIntervalSince1970: 1_800_000_000))
        let refusals = try await list.refusals(in: fixture.portal.accounts)
        #expect(refusals.map(\.line) == [3, 4])
        #expect(refusals.first?.reason.contains("the user ID hanako01 already") == true)
        #expect(refusals.last?.reason.contains("line 2") == true)
    }
}
