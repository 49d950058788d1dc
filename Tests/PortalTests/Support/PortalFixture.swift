import Foundation
import GRDB
import Hummingbird
import HummingbirdTesting
import Logging
import Synchronization
import Testing

@testable import Portal

/// A portal in a folder of its own, with one account and a clock that moves only on demand.
final class PortalFixture: Sendable {
    static let origin = "https://portal.example"
    static let userID = "hanako01"
    static let initialPassword = "12345" + "678" + "19900131"
    static let newPassword = "five green umbrellas"

    let folder: String
    let portal: PortalApplication
    private let clock: SharedClock

    var mailDirectory: String { "\(folder)/mail" }
    var databasePath: String { "\(folder)/portal.sqlite" }

    init(
        origins: [String] = [PortalFixture.origin], relyingPartyID: String = "portal.example",
        showsManualSteps: Bool = false, adjust: (inout PortalConfiguration) -> Void = { _ in }
    ) async throws {
        folder = FileManager.default.temporaryDirectory.path + "/portal-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let clock = SharedClock(Date(timeIntervalSince1970: 1_800_000_000))
        self.clock = clock
        var configuration = PortalConfiguration(
            databasePath: "\(folder)/portal.sqlite", mailDirectory: "\(folder)/mail")
        configuration.relyingPartyID = relyingPartyID
        configuration.origins = origins
        configuration.clock = { clock.now }
        configuration.passwordCost = try #require(PasswordCost(logarithmOfRounds: 4))
        configuration.showsManualSteps = showsManualSteps
        configuration.logger.logLevel = .critical
        adjust(&configuration)
        portal = try PortalApplication(configuration: configuration)
        let birth = try #require(CalendarDate(year: 1990, month: 1, day: 31))
        try await portal.accounts.addUser(
            userID: PortalFixture.userID,
            initialPassword: InitialPassword.rule(symbol: "12345", number: "678", dateOfBirth: birth),
            dateOfBirth: birth, name: "山田 花子")
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)  // cleanup
    }

    func advance(by seconds: TimeInterval) { clock.advance(by: seconds) }

    /// Runs a test against the portal's router.
    func browse(_ body: @Sendable (Browser) async throws -> Void) async throws {
        try await portal.application().test(.router) { client in
            try await body(Browser(client: client))
        }
    }

    /// The account as it is stored.
    func account() async throws -> Account {
        try #require(try await portal.core.database.read { try Account.find(userID: PortalFixture.userID, in: $0) })
    }

    /// The messages that were delivered, in no order.
    func mails() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(mailDirectory)/new").map {
            String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(mailDirectory)/new/\($0)")), as: UTF8.self)
        }
    }

    /// The app whose secret is stored for the account.
    func app() async throws -> TimeBasedOneTimePassword {
        let sealing = portal.core.sealing
        let secret = try await portal.core.database.read { database in
            let row = try #require(try Row.fetchOne(database, sql: "SELECT * FROM oneTimePassword"))
            let place = "one-time password of account \(row["accountID"] as Int64)"
            return try sealing.open(Bytes.column("sealedSecret", of: row), for: place)
        }
        return TimeBasedOneTimePassword(secret: secret)
    }

    /// What an app shows now, or some steps later.
    func code(of app: TimeBasedOneTimePassword, after steps: Int64 = 0) -> String {
        app.code(counter: TimeBasedOneTimePassword.counter(at: portal.core.now) + steps)
    }

    /// The codes in all mails, in no order.
    func mailCodes() throws -> [String] {
        try mails().compactMap { mail in
            mail.split(whereSeparator: \.isNewline).first { $0.count == 6 && $0.allSatisfy(\.isNumber) }.map(
                String.init)
        }
    }

    /// Forgets the mails so far.
    func emptyMailbox() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(mailDirectory)/new") {
            try FileManager.default.removeItem(atPath: "\(mailDirectory)/new/\(name)")
        }
    }

    /// The paths of the links in all mails.
    func mailLinks() throws -> [String] {
        try mails().compactMap { mail in
            mail.split(whereSeparator: \.isNewline).first { $0.contains("/mail-confirmation/") }
                .map { String($0.dropFirst(PortalFixture.origin.count)) }
        }
    }
}

/// A date that moves only on demand.
final class SharedClock: Sendable {
    private let moment: Mutex<Date>

    init(_ date: Date) { moment = Mutex(date) }

    var now: Date { moment.withLock { $0 } }

    func advance(by seconds: TimeInterval) { moment.withLock { $0 += seconds } }
}
