import Foundation
import GRDB
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Portal

@Suite struct MigrationTests {
    @Test("A database of the version before one-time passwords is taken over: account, visit and passkey go on")
    func fromVersion2() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var authenticator = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            _ = try await browser.register(&authenticator)
            try await fixture.portal.core.database.write { database in
                try database.execute(
                    sql: """
                        DROP TABLE oneTimePassword; DROP TABLE oneTimePasswordSetUp; DROP TABLE mailCode;
                        ALTER TABLE session DROP COLUMN credentialID; ALTER TABLE session DROP COLUMN purpose;
                        ALTER TABLE passkey DROP COLUMN supportsPRF;
                        DROP INDEX attemptByTime; DROP INDEX sessionByUse; DROP INDEX sessionByAge;
                        DROP TABLE outbox; ALTER TABLE account DROP COLUMN browserEpoch;
                        DROP INDEX accountByUserID; ALTER TABLE account DROP COLUMN language;
                        DELETE FROM grdb_migrations WHERE substr(identifier, 1, 2) > '2:';
                        """)
            }
            let newer = try PortalApplication(configuration: fixture.portal.core.configuration)
            let cookies = browser.cookies
            let before = authenticator
            try await newer.application().test(.router) { client in
                let same = Browser(client: client)
                for (name, value) in cookies { same.setCookie(name, value) }
                let page = try await same.open("/")
                #expect(page.path == "/top")
                #expect(try await same.open("/settings/passkeys").status == 200)
                var authenticator = before
                let other = same.another()
                #expect(try await other.logIn(PortalFixture.newPassword).path == "/login/passkey")
                #expect(try await other.prove(with: &authenticator) == "/top")
                let indices = try await newer.core.database.read { database in
                    try String.fetchSet(database, sql: "SELECT name FROM sqlite_schema WHERE type = 'index'")
                }
                #expect(indices.isSuperset(of: ["attemptByTime", "sessionByUse", "sessionByAge", "accountByUserID"]))
            }
        }
    }
}
