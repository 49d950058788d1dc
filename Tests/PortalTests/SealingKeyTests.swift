import Foundation
import GRDB
import HummingbirdTesting
import Testing

@testable import Portal

/// The key file beside the database: never replaced while something is sealed with it.
@Suite struct SealingKeyTests {
    /// A portal whose account has an authenticator app.
    private func withApp() async throws -> (fixture: PortalFixture, key: String) {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            _ = try await browser.reachSetUp(fixture, method: "totp")
            _ = try await browser.setUpApp(fixture)
        }
        return (fixture, fixture.databasePath + ".key")
    }

    private func start(_ fixture: PortalFixture) throws -> PortalApplication {
        try PortalApplication(configuration: fixture.portal.core.configuration)
    }

    @Test("Without the key that secrets are sealed with, the portal does not start, and makes no other")
    func missing() async throws {
        let (fixture, key) = try await withApp()
        let bytes = try Data(contentsOf: URL(filePath: key))
        try FileManager.default.removeItem(atPath: key)
        #expect(throws: PortalConfigurationError.sealingKeyMissing(key)) { try start(fixture) }
        #expect(!FileManager.default.fileExists(atPath: key))
        #expect("\(PortalConfigurationError.sealingKeyMissing(key))".contains("reset each account"))
        // Put back, everything goes on.
        #expect(FileManager.default.createFile(atPath: key, contents: bytes, attributes: [.posixPermissions: 0o600]))
        let app = try await fixture.app()
        #expect(
            try start(fixture).core.sealing.tag(of: "x", for: "y") == fixture.portal.core.sealing.tag(of: "x", for: "y")
        )
        #expect(app.secret.count == 20)
    }

    @Test("Another key is not taken for it; once the accounts are reset, the portal starts with it")
    func foreign() async throws {
        let (fixture, key) = try await withApp()
        try Data(repeating: 7, count: 32).write(to: URL(filePath: key))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        #expect(throws: PortalConfigurationError.sealingKeyForeign(key)) { try start(fixture) }
        try await fixture.portal.accounts.reset(userID: PortalFixture.userID) { _ in "begin again" }
        _ = try start(fixture)
        try FileManager.default.removeItem(atPath: key)
        _ = try start(fixture)
        #expect(try Data(contentsOf: URL(filePath: key)).count == 32)
    }

    @Test("Of secrets sealed with different keys, that of the last run counts")
    func mixture() async throws {
        let (fixture, _) = try await withApp()
        let older = try SealingKey(path: "\(fixture.folder)/older.key")
        let place = "one-time password of account 99"
        let sealed = Data(try older.seal([1, 2, 3], for: place))
        let add = { (moment: Double) in
            try await fixture.portal.core.database.write {
                try $0.execute(
                    sql: "INSERT OR IGNORE INTO account SELECT 99, 'taro', x'00', 'Taro', dateOfBirth, passwordHash, "
                        + "'complete', mailAddress, 'totp', 0, 0, 0, 0, NULL, NULL FROM account")
                try $0.execute(
                    sql: "INSERT OR REPLACE INTO oneTimePassword VALUES (99, ?, 0, ?)", arguments: [sealed, moment])
            }
        }
        try await add(0)
        _ = try start(fixture)
        try await add(2_000_000_000)
        #expect(throws: PortalConfigurationError.sealingKeyForeign(fixture.databasePath + ".key")) {
            try start(fixture)
        }
    }

    @Test(
        "A key that others may read is not used; a link to one that they may not, is", arguments: [0o640, 0o604, 0o660])
    func mode(mode: Int) async throws {
        let fixture = try await PortalFixture()
        let key = fixture.databasePath + ".key"
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: key)
        let error = PortalConfigurationError.sealingKeyMode(key, mode: String(mode, radix: 8))
        #expect(throws: error) { try start(fixture) }
        #expect("\(error)".contains("chmod 600"))
        try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: key)
        _ = try start(fixture)
        let elsewhere = "\(fixture.folder)/elsewhere"
        try FileManager.default.moveItem(atPath: key, toPath: elsewhere)
        try FileManager.default.createSymbolicLink(atPath: key, withDestinationPath: elsewhere)
        _ = try start(fixture)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: elsewhere)
        #expect(throws: error) { try start(fixture) }
    }

    @Test("The secret of a set-up that another key has sealed is replaced: nobody has it in use")
    func setUp() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let before = try await browser.reachSetUp(fixture, method: "totp").app()
            let key = fixture.databasePath + ".key"
            try FileManager.default.removeItem(atPath: key)
            let cookies = browser.cookies
            try await start(fixture).application().test(.router) { client in
                let same = Browser(client: client)
                for (name, value) in cookies { same.setCookie(name, value) }
                let page = try await same.open("/one-time-password/set-up")
                let app = try page.app()
                #expect(app != before)
                let next = try await same.submit("/one-time-password/set-up", ["code": fixture.code(of: app)], on: page)
                #expect(next.path.hasPrefix("/top"))
            }
        }
    }
}
