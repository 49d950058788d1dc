import Crypto
import Foundation
import Testing

@testable import Portal

@Suite struct AccountsTests {
    @Test("Accounts that will not do are refused with their reason")
    func refusals() async throws {
        let fixture = try await PortalFixture()
        let birth = try #require(CalendarDate("19900131"))
        for (userID, password, name, error) in [
            ("", "x", "n", PortalAccountError.userID), ("a b", "x", "n", .userID), ("花子", "x", "n", .userID),
            ("new", "", "n", .initialPassword), ("new", "x", "", .name),
            (PortalFixture.userID, "x", "n", .userIDTaken),
        ] {
            await #expect(throws: error) {
                try await fixture.portal.accounts.addUser(
                    userID: userID, initialPassword: password, dateOfBirth: birth, name: name)
            }
        }
    }

    @Test("The initial password is symbol, number and date of birth")
    func initialPassword() throws {
        let birth = try #require(CalendarDate(year: 1965, month: 3, day: 9))
        #expect(InitialPassword.rule(symbol: "6013", number: "42", dateOfBirth: birth) == "60134219650309")
    }

    @Test(
        "Dates are read as browsers and people write them",
        arguments: [
            ("1990-01-31", "1990-01-31"), ("19900131", "1990-01-31"), ("1990/01/31", "1990-01-31"),
            ("１９９００１３１", "1990-01-31"), (" 20000229 ", "2000-02-29"), ("19000229", nil), ("20230229", nil),
            ("1990-13-01", nil), ("1990-00-10", nil), ("199-001-31", nil), ("00000101", nil), ("1990-01-3", nil),
            ("-9900131", nil), ("99999999999999999999", nil), ("", nil),
        ])
    func calendarDate(text: String, date: String?) {
        #expect(CalendarDate(text)?.description == date)
    }

    @Test("Passwords are stored as scrypt with their parameters and compared by them")
    func passwordHash() throws {
        let cost = try #require(PasswordCost(logarithmOfRounds: 4, blockSize: 8, parallelism: 1))
        let hash = try PasswordHash(password: "pass", salt: Array("0123456789abcdef".utf8), cost: cost)
        let stored = try #require(PasswordHash(hash.encoded))
        #expect(stored == hash)
        #expect(hash.encoded.hasPrefix("$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$"))
        #expect(try stored.matches("pass"))
        #expect(try !stored.matches("Pass"))
        #expect(try !stored.matches(""))
        let composed = try PasswordHash(password: "caf\u{E9}", salt: Secret.random(16), cost: cost)
        #expect(try composed.matches("caf\u{E9}"))
        #expect(try !composed.matches("cafe\u{301}"))
        for damaged in ["", "$scrypt$", "$scrypt$ln=40,r=8,p=1$MDE$MDE", "plain", "$bcrypt$ln=4,r=8,p=1$MDE$MDE"] {
            #expect(PasswordHash(damaged) == nil)
        }
    }

    @Test("Nothing matches the decoy, which costs what real hashes cost")
    func decoy() throws {
        let cost = try #require(PasswordCost(logarithmOfRounds: 4))
        let decoy = PasswordHash.decoy(cost: cost)
        #expect(decoy.cost == cost && PasswordHash(decoy.encoded) == decoy)
        for password in ["", "decoy", "pass"] { #expect(try !decoy.matches(password)) }
    }

    @Test("The standard cost is within reach of the library's memory limit")
    func standardCost() throws {
        let hash = try PasswordHash(password: "pass", salt: Secret.random(16), cost: .standard)
        #expect(hash.encoded.contains("ln=15,r=8,p=3"))
        #expect(try hash.matches("pass"))
    }

    @Test("An account survives a restart at the step where it was")
    func restart() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            _ = try await browser.walk(fixture, upTo: "1.5")
            let reopened = try PortalDatabase(path: fixture.databasePath)
            let account = try await reopened.read { try Account.find(userID: PortalFixture.userID, in: $0) }
            #expect(account?.step == .mailAddress)
        }
    }

    @Test("Only the portal's own user may read the database and its log")
    func permissions() async throws {
        let fixture = try await PortalFixture()
        for path in [fixture.databasePath, fixture.databasePath + "-wal"] {
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
            #expect(mode?.intValue == 0o600)
        }
    }

    @Test("A database file is made without touching one that exists, and a place where none can be made is named")
    func databaseFile() async throws {
        let fixture = try await PortalFixture()
        let existing = "\(fixture.folder)/existing.sqlite"
        #expect(FileManager.default.createFile(atPath: existing, contents: Data("not a database".utf8)))
        #expect(throws: (any Error).self) { try PortalDatabase(path: existing) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: existing)) == Data("not a database".utf8))

        let link = "\(fixture.folder)/link.sqlite"
        let target = "\(fixture.folder)/target.sqlite"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
        for (path, reason) in [
            (link, "it is a link to a file that does not exist"),
            ("\(fixture.folder)/nowhere/portal.sqlite", "No such file or directory"),
        ] {
            let error = PortalConfigurationError.databasePath(path, reason: reason)
            #expect(throws: error) { try PortalDatabase(path: path) }
            #expect("\(error)".contains(path) && "\(error)".contains(reason))
        }
        #expect(!FileManager.default.fileExists(atPath: target))
    }
}
