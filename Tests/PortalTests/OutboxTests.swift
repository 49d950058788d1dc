import Foundation
import GRDB
import Logging
import Synchronization
import Testing

@testable import Portal

/// Mails that nobody waits for.
@Suite(.timeLimit(.minutes(1))) struct OutboxTests {
    /// A mail server that takes mails, fails, or hangs.
    private final class FakeServer: MailTransport {
        enum Mood { case taking, failing, hanging }

        let taken: AsyncStream<MailMessage>
        /// How often it was asked.
        let asked: AsyncStream<Void>
        private let take: AsyncStream<MailMessage>.Continuation
        private let ask: AsyncStream<Void>.Continuation
        private let mood: Mutex<Mood>
        private let askedCount = Mutex(0)

        var attempts: Int { askedCount.withLock { $0 } }

        init(_ mood: Mood) {
            self.mood = Mutex(mood)
            (taken, take) = AsyncStream.makeStream(of: MailMessage.self)
            (asked, ask) = AsyncStream.makeStream(of: Void.self)
        }

        func turn(_ next: Mood) { mood.withLock { $0 = next } }

        func deliver(_ message: MailMessage) async throws {
            askedCount.withLock { $0 += 1 }
            ask.yield()
            switch mood.withLock({ $0 }) {
            case .taking: take.yield(message)
            case .failing: throw SMTPError.timeout
            case .hanging: try await Task.sleep(for: .seconds(3600))
            }
        }
    }

    private func outbox(
        _ fixture: PortalFixture, _ server: FakeServer,
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) throws -> Outbox {
        let core = fixture.portal.core
        return Outbox(
            database: core.database, transport: server, senderName: "Portal", sender: core.sender,
            clock: { core.now }, logger: logger)
    }

    private func put(_ subject: String, in outbox: Outbox, _ fixture: PortalFixture) async throws {
        let address = try #require(MailAddress("hanako@example.jp"))
        try await fixture.portal.core.database.write {
            try outbox.put(subject: subject, text: "text", to: address, in: $0)
        }
    }

    private func waiting(_ fixture: PortalFixture) async throws -> Int? {
        try await fixture.portal.core.database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM outbox") }
    }

    @Test("The answer to a change comes first, its notice later and once")
    func answerFirst() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var passkey = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            try fixture.emptyMailbox()
            #expect(try await browser.register(&passkey).path == "/top")
            #expect(try fixture.mails().isEmpty)
            #expect(try await waiting(fixture) == 1)
            for _ in 0..<2 {
                await fixture.portal.core.outbox.sendDue()
                #expect(try fixture.mails().count == 1)
            }
            #expect(try await waiting(fixture) == 0)
        }
    }

    @Test("A change that is undone tells nobody")
    func rollback() async throws {
        let fixture = try await PortalFixture()
        let core = fixture.portal.core
        let address = try #require(MailAddress("hanako@example.jp"))
        await #expect(throws: PortalFailure.formExpired) {
            try await core.database.write { database in
                try core.outbox.put(subject: "s", text: "t", to: address, in: database)
                throw PortalFailure.formExpired
            }
        }
        #expect(try await waiting(fixture) == 0)
    }

    @Test("A portal that ends while the mail server hangs sends the notice when it runs again, under the same name")
    func restart() async throws {
        let fixture = try await PortalFixture()
        let hanging = FakeServer(.hanging)
        let before = try outbox(fixture, hanging)
        try await put("first", in: before, fixture)
        let identifier = try await fixture.portal.core.database.read {
            try String.fetchOne($0, sql: "SELECT identifier FROM outbox")
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await before.run() }
            for await _ in hanging.asked { break }
            group.cancelAll()
        }
        #expect(try await waiting(fixture) == 1)

        let server = FakeServer(.taking)
        let after = try outbox(fixture, server)
        fixture.advance(by: Outbox.firstWait)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await after.run() }
            var taken = server.taken.makeAsyncIterator()
            #expect(await taken.next()?.identifier == identifier)
            // And what comes while it runs.
            try await put("second", in: after, fixture)
            #expect(await taken.next()?.subject == "second")
            group.cancelAll()
        }
        #expect(server.attempts == 2)
        #expect(try await waiting(fixture) == 0)
    }

    @Test("A server that fails is asked again, less and less often, about a day long; the log names nobody")
    func retries() async throws {
        let fixture = try await PortalFixture()
        let record = LogRecord()
        let server = FakeServer(.failing)
        let box = try outbox(
            fixture, server, logger: Logger(label: "test") { _ in RecordingLogHandler(record: record) })
        try await put("subject", in: box, fixture)
        var waits: [TimeInterval] = []
        var elapsed: TimeInterval = 0
        while try await waiting(fixture) == 1, waits.count < 2 * Outbox.maximumAttempts {
            await box.sendDue()
            let attempts = server.attempts
            var wait: TimeInterval = 0
            while server.attempts == attempts, try await waiting(fixture) == 1 {
                fixture.advance(by: 30)
                wait += 30
                await box.sendDue()
            }
            if wait > 0 { waits.append(wait) }
            elapsed += wait
        }
        #expect(waits.prefix(8) == [30, 60, 120, 240, 480, 960, 1920, 3600])
        #expect(server.attempts == Outbox.maximumAttempts)
        #expect((20 * 3600...30 * 3600).contains(elapsed))
        #expect(record.text.contains("mail given up") && !record.text.contains("hanako"))
    }

    @Test("A mail goes out as soon as the server takes it again, also by a clock that was put back")
    func recovery() async throws {
        let fixture = try await PortalFixture()
        let server = FakeServer(.failing)
        let box = try outbox(fixture, server)
        try await put("subject", in: box, fixture)
        await box.sendDue()
        server.turn(.taking)
        await box.sendDue()
        #expect(server.attempts == 1)
        fixture.advance(by: -2 * Outbox.longestWait)
        await box.sendDue()
        #expect(server.attempts == 2)
        #expect(try await waiting(fixture) == 0)
    }
}
