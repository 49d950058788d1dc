import CSV
import Foundation
import GRDB
import Testing

@testable import Portal

@Suite struct AccountImportTests {
    /// 15 January 2027, 08:00 UTC; that of the fixture's portal.
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    @Test(
        "Lists are read, whatever the order of their columns",
        arguments: [
            "userID,name,dateOfBirth,symbol,number\nhanako01,山田 花子,1990-01-31,12345,678\n",
            "number,dateOfBirth,symbol,name,userID\r\n678,19900131,12345,山田 花子,hanako01\r\n",
            "userID,name,dateOfBirth,initialPassword\nhanako01,\"山田 花子\",1990/01/31,1234567819900131",
        ])
    func accepted(text: String) throws {
        let list = try AccountImport(csv: Array(text.utf8), now: Self.now)
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
            ("userID,name,dateOfBirth,initialPassword\n\n", .noAccounts),
            ("userID,name,dateOfBirth,initialPassword\n1,\"2\n", .csv(.unterminatedQuote(line: 2))),
        ])
    func rejected(text: String, error: AccountImportError) {
        #expect(throws: error) { try AccountImport(csv: Array(text.utf8), now: Self.now) }
        #expect("\(error)".contains(" "))
    }

    @Test(
        "A line that is no account is named",
        arguments: [
            "a b,x,1990-01-31,1,2", ",x,1990-01-31,1,2", "花子,x,1990-01-31,1,2", "a,,1990-01-31,1,2",
            "a,x,1990-02-30,1,2", "a,x,,1,2", "a,x,1990-01-31,,2", "a,x,1990-01-31,1,",
            "a,x,2027-01-16,1,2", "a,x,1990-01-31,1", "a,x,1990-01-31,1,2,3", "a",
            "a,\"x\ny\",1990-01-31,1,2", "ok,x,1990-01-31,1,2",
        ])
    func refusals(line: String) throws {
        let text = "userID,name,dateOfBirth,symbol,number\nok,Ok,1980-02-29,1,2\n\(line)\n"
        let list = try AccountImport(csv: Array(text.utf8), now: Self.now)
        #expect(list.refusals.map(\.line) == [3])
        #expect(list.users.map(\.userID) == ["ok"])
    }

    @Test("All lines that are refused are named at once, in order: by the list itself and by the accounts there are")
    func allRefusals() async throws {
        let fixture = try await PortalFixture()
        let lines = [
            "userID,name,dateOfBirth,symbol,number", "a,A,1990-01-31,1,2", "b,B,1990-01-31,1",
            "hanako01,C,1990-01-31,1,2",
            "d,D,2999-01-01,1,2", "e,E,1990-13-31,1,2",
        ]
        let list = try AccountImport(csv: Array(lines.joined(separator: "\n").utf8), now: Self.now)
        #expect(list.refusals.map(\.line) == [3, 5, 6])
        let all = try await list.refusals(in: fixture.portal.accounts)
        #expect(all.map(\.line) == [3, 4, 5, 6])
        #expect(all.first?.reason.contains("4 fields instead of 5") == true)
        #expect(all.dropFirst().first?.reason.contains("hanako01") == true)
    }

    @Test("Nobody is born later than today, wherever on earth that is")
    func future() throws {
        for (text, isFuture) in [
            ("2027-01-15", false), ("2027-01-16", true), ("2026-12-31", false), ("9999-01-01", true),
        ] {
            #expect(try #require(CalendarDate(text)).isFuture(at: Self.now) == isFuture, "\(text)")
        }
        // 11:00 UTC is one o'clock of the next day where days begin first.
        let later = Self.now.addingTimeInterval(3 * 3600)
        #expect(try !#require(CalendarDate("2027-01-16")).isFuture(at: later))
    }

    @Test("Full-width letters and digits of the insurance card become ASCII in the password")
    func fullWidth() throws {
        let birth = try #require(CalendarDate("1990-01-31"))
        #expect(InitialPassword.rule(symbol: "００１", number: " ２ａ", dateOfBirth: birth) == "0012a19900131")
    }

    @Test("Many passwords are hashed side by side, each for its account, and counted")
    func hashes() async throws {
        let hasher = PasswordHasher(cost: try #require(PasswordCost(logarithmOfRounds: 4)))
        let passwords = (0..<40).map { "password \($0)" }
        var counts: [Int] = []
        let hashes = try await hasher.hashes(of: passwords) { counts.append($0) }
        #expect(counts == Array(1...40))
        for (password, hash) in zip(passwords, hashes) {
            #expect(try #require(PasswordHash(hash)).matches(password))
        }
        #expect(try await hasher.hashes(of: []) { counts.append($0) }.isEmpty && counts.count == 40)
    }

    @Test("A file that is damaged or no database is named, without SQL")
    func damaged() async throws {
        let path = NSTemporaryDirectory() + "damaged-\(UUID().uuidString).sqlite"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(repeating: 0x61, count: 4096).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: PortalConfigurationError.databaseDamaged(path)) {
            try PortalAccounts(databasePath: path)
        }
        #expect(error.map { "\($0)".contains(path) && !"\($0)".contains("PRAGMA") } == true)
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
