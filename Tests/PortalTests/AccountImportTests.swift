import CSV
import Foundation
import GRDB
import Testing

@testable import Portal

@Suite struct AccountImportTests {
    @Test(
        "Lists are read, whatever the order of their columns",
        arguments: [
            "userID,name,dateOfBirth,symbol,number\nhanako01,山田 花子,1990-01-31,12345,678\n",
            "number,dateOfBirth,symbol,name,userID\r\n678,19900131,12345,山田 花子,hanako01\r\n",
            "userID,name,dateOfBirth,initialPassword\nhanako01,\"山田 花子\",1990/01/31,1234567819900131",
        ])
    func accepted(text: String) throws {
        let list = try AccountImport(csv: Array(text.utf8))
        #expect(list.refusals.isEmpty)
        let user = try #require(list.users.first)
        #expect(user.userID == "hanako01" && user.name == "山田 花子")
        #expect(user.dateOfBirth == CalendarDate("1990-01-31"))
        #expect(user.initialPassword == "1234567819900131")
    }

    @Test(
        "A file that is no such list is refused as a whole",
        arguments: [
            ("", AccountImportError.csv(.empty)), ("userID,name,dateOfBirth\n", .passwordColumns),
            ("userID,name,dateOfBirth,symbol\n", .passwordColumns),
            ("userID,name,dateOfBirth,symbol,number,initialPassword\n", .passwordColumns),
            ("userID,name,initialPassword\n", .missingColumn("dateOfBirth")),
            ("name,dateOfBirth,initialPassword\n", .missingColumn("userID")),
            ("userID,name,dateOfBirth,initialPassword,mail\n", .unknownColumn("mail")),
            ("userID,name,dateOfBirth,initialPassword\n1,2\n", .csv(.fieldCount(line: 2, expected: 4, found: 2))),
        ])
    func rejected(text: String, error: AccountImportError) {
        #expect(throws: error) { try AccountImport(csv: Array(text.utf8)) }
        #expect("\(error)".contains(" "))
    }

    @Test(
        "A line that is no account is named",
        arguments: [
            "a b,x,1990-01-31,1,2", ",x,1990-01-31,1,2", "花子,x,1990-01-31,1,2", "a,,1990-01-31,1,2",
            "a,x,1990-02-30,1,2", "a,x,,1,2", "a,x,1990-01-31,,2", "a,x,1990-01-31,1,",
            "a,\"x\ny\",1990-01-31,1,2", "ok,x,1990-01-31,1,2",
        ])
    func refusals(line: String) throws {
        let text = "userID,name,dateOfBirth,symbol,number\nok,Ok,1980-02-29,1,2\n\(line)\n"
        let list = try AccountImport(csv: Array(text.utf8))
        #expect(list.refusals.map(\.line) == [3])
        #expect(list.users.map(\.userID) == ["ok"])
    }

    @Test("All are added or none; the list says where each stands")
    func add() async throws {
        let fixture = try await PortalFixture()
        let accounts = fixture.portal.accounts
        let birth = try #require(CalendarDate("1980-02-29"))
        func user(_ id: String) -> NewUser {
            NewUser(userID: id, initialPassword: "x", dateOfBirth: birth, name: id)
        }
        #expect(try await accounts.add([user("a"), user(PortalFixture.userID)]) == [PortalFixture.userID])
        #expect(try await accounts.add([user("a"), user("a")]) == ["a"])
        await #expect(throws: PortalAccountError.userID) { try await accounts.add([user("a"), user("")]) }
        #expect(try await accounts.list().map(\.userID) == [PortalFixture.userID])
        #expect(try await accounts.add([user("a"), user("b")]).isEmpty)
        #expect(try await accounts.list().map(\.userID) == ["a", "b", PortalFixture.userID])
        #expect(try await accounts.list().allSatisfy { $0.step == "dateOfBirth" && $0.method == nil })
    }

    @Test("A reset puts everything back to the letter, ends visits and forgives attempts")
    func reset() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var authenticator = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            _ = try await browser.register(&authenticator)
            let accounts = fixture.portal.accounts
            let before = try #require(try await accounts.list().first)
            #expect(before.step == "complete" && before.method == "passkey" && before.passkeyCount == 1)
            let other = browser.another()
            for _ in 0..<5 { _ = try await other.logIn("wrong") }
            #expect(try await other.logIn(PortalFixture.newPassword).status == 429)
            await #expect(throws: PortalAccountError.userIDUnknown) {
                try await accounts.reset(userID: "nobody") { _ in "x" }
            }
            await #expect(throws: PortalAccountError.initialPassword) {
                try await accounts.reset(userID: PortalFixture.userID) { _ in "" }
            }
            #expect(try await browser.open("/top").path == "/top")
            try await accounts.reset(userID: PortalFixture.userID) { "new" + $0.compact }
            #expect(try await browser.open("/top").path.hasPrefix("/login"))
            #expect(try await browser.logIn(PortalFixture.newPassword).status == 422)
            #expect(try await browser.logIn("new19900131").steps == ["1.3"])
            let after = try #require(try await accounts.list().first)
            #expect(after.step == "dateOfBirth" && after.method == nil && after.passkeyCount == 0)
            #expect(try await fixture.account().mailAddress == nil)
            let options = try await other.call("/webauthn/authentication/options", "{}").body
            let gone = try await other.call("/webauthn/authentication/verification", try authenticator.get(options))
            #expect(gone.body.contains("credential-unknown"))
        }
    }
}
