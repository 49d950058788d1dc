import Foundation
import GRDB
import Testing

@testable import Portal

@Suite struct PasskeyLoginTests {
    private static let options = "/webauthn/authentication/options"
    private static let verification = "/webauthn/authentication/verification"

    @Test("Logins that succeed leave nothing that would slow the next one; those that fail are counted")
    func limits() async throws {
        let fixture = try await PortalFixture()
        let database = fixture.portal.core.database
        let now = fixture.portal.core.now
        try await fixture.browse { browser in
            var authenticator = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            let top = try await browser.register(&authenticator)
            _ = try await browser.submit("/logout", [:], on: top)
            // One ceremony is left to this address, and one attempt.
            let (ceremonies, attempts) = (
                AttemptLimiter.Key.ceremonies(address: "unknown"), AttemptLimiter.Key.address("unknown")
            )
            let counts = { @Sendable (database: Database) in
                try Int.fetchAll(
                    database, sql: "SELECT count(*) FROM attempt UNION ALL SELECT count(*) FROM ceremony")
            }
            let before = try await database.write { database in
                let keys = Array(repeating: ceremonies, count: 299) + Array(repeating: attempts, count: 49)
                try AttemptLimiter.count(keys, now: now, in: database)
                return try counts(database)
            }
            for _ in 0..<3 {
                let visitor = browser.another()
                _ = try await visitor.open("/login")
                #expect(try await visitor.prove(with: &authenticator) == "/top")
            }
            #expect(try await database.read(counts) == before)

            let visitor = browser.another()
            _ = try await visitor.open("/login")
            let options = try await visitor.call(PasskeyLoginTests.options, "{}").body
            var stranger = TestAuthenticator()
            #expect(
                try await visitor.call(PasskeyLoginTests.verification, try stranger.get(options)).status == 422)
            #expect(try await visitor.call(PasskeyLoginTests.options, "{}").status == 429)
            let late = try await visitor.call(PasskeyLoginTests.verification, try authenticator.get(options))
            #expect(late.status == 429)
        }
    }

    @Test("A challenge that was answered wrongly is used, and the visit stays as it was")
    func wrongAnswer() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var authenticator = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            let top = try await browser.register(&authenticator)
            _ = try await browser.submit("/logout", [:], on: top)
            let options = try await browser.call(PasskeyLoginTests.options, "{}").body
            var stranger = TestAuthenticator()
            let cookies = browser.cookies
            #expect(
                try await browser.call(PasskeyLoginTests.verification, try stranger.get(options)).status == 422)
            #expect(browser.cookies == cookies)
            let second = try await browser.call(PasskeyLoginTests.verification, try authenticator.get(options))
            #expect(second.status == 400 && second.body.contains("ceremony-expired"))
            #expect(try await browser.prove(with: &authenticator) == "/top")
        }
    }

    @Test("What somebody was told is done waits for the disk, whatever was written before")
    func durability() async throws {
        let database = try await PortalFixture().portal.core.database
        let synchronous = { @Sendable (database: Database) in try Int.fetchOne(database, sql: "PRAGMA synchronous") }
        let (full, normal) = (2, 1)
        #expect(try await database.write(synchronous) == full)
        #expect(try await database.writeSoon(synchronous) == normal)
        #expect(try await database.write(synchronous) == full)
        await #expect(throws: CancellationError.self) {
            try await database.writeSoon { _ in throw CancellationError() }
        }
        #expect(try await database.write(synchronous) == full)
    }

    @Test("What fails inside a transaction is undone; the rest of the transaction stays")
    func undoing() async throws {
        let database = try await PortalFixture().portal.core.database
        let now = Date(timeIntervalSince1970: 0)
        try await database.write { database in
            try AttemptLimiter.count([.address("kept")], now: now, in: database)
            #expect(throws: CancellationError.self) {
                try database.undoingFailure {
                    try AttemptLimiter.count([.address("undone")], now: now, in: database)
                    throw CancellationError()
                }
            }
        }
        let hashes = try await database.read { try Data.fetchAll($0, sql: "SELECT keyHash FROM attempt") }
        #expect(hashes == [Data(AttemptLimiter.Key.address("kept").hash)])
    }
}
