import Foundation
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Portal

@Suite(.timeLimit(.minutes(1))) struct LiveTests {
    @Test("On a free port the origin follows the port, and mails link to it")
    func freePort() async throws {
        let fixture = try await PortalFixture(origins: [], relyingPartyID: "localhost")
        try await fixture.portal.application().test(.live) { client in
            let browser = Browser(client: client)
            let origin = "http://localhost:\(try #require(client.port))"
            #expect(fixture.portal.core.origins.all == [origin])
            let style = try await browser.open("/style.css")
            #expect(style.status == 200)
            var page = try await browser.walk(fixture, upTo: "1.6")
            let mail = try #require(try fixture.mails().first)
            #expect(mail.contains("\r\n\(origin)/mail-confirmation/"))
            page = try await browser.open("/first-login/mail-confirmation")
            #expect(page.steps == ["1.6", "1.7"])
            #expect(try await browser.call("/webauthn/authentication/options", "{}", origin: origin).status == 200)
            let head = try await browser.another().send(.head, "/login")
            #expect(head.status == 200 && head.body.isEmpty)
        }
    }

    @Test("run() says its port and ends when its task is cancelled")
    func lifetime() async throws {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let fixture = try await PortalFixture(origins: [], relyingPartyID: "localhost") {
            $0.onListening = { continuation.yield($0) }
        }
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await fixture.portal.run() }
            let port = await ports.first { _ in true }
            #expect(port.map { $0 > 0 } == true)
            group.cancelAll()
        }
    }

    @Test("run() sends what waits in the outbox")
    func outbox() async throws {
        let fixture = try await PortalFixture(origins: [], relyingPartyID: "localhost")
        let core = fixture.portal.core
        let address = try #require(MailAddress("hanako@example.jp"))
        try await core.database.write { try core.outbox.put(subject: "s", text: "t", to: address, in: $0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await fixture.portal.run() }
            while try fixture.mails().isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            group.cancelAll()
        }
        #expect(try fixture.mails().count == 1)
    }

    @Test("A port that is taken is named, and what to do")
    func portInUse() async throws {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let fixture = try await PortalFixture(origins: [], relyingPartyID: "localhost") {
            $0.onListening = { continuation.yield($0) }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await fixture.portal.run() }
            let port = try #require(await ports.first { _ in true })
            let second = try await PortalFixture(origins: [], relyingPartyID: "localhost") { $0.port = port }
            let error = PortalListenError.addressInUse(address: "127.0.0.1", port: port)
            await #expect(throws: error) { try await second.portal.run() }
            #expect("\(error)".contains("127.0.0.1 port \(port) already"))
            group.cancelAll()
        }
    }

    @Test("An address that is not this machine's is named, and what to do", arguments: ["192.0.2.1", "no such host"])
    func foreignAddress(address: String) async throws {
        let fixture = try await PortalFixture(origins: [], relyingPartyID: "localhost") { $0.address = address }
        await #expect(throws: PortalListenError.addressUnavailable(address: address, port: 0)) {
            try await fixture.portal.run()
        }
    }

    @Test("Connections beyond the limit wait until an idle one is closed; a head that never ends is idle")
    func connections() async throws {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let fixture = try await PortalFixture(origins: [], relyingPartyID: "localhost") {
            // Long enough for the first answer on a busy machine.
            $0.idleTimeout = .seconds(2)
            $0.maximumConnections = 1
            $0.onListening = { continuation.yield($0) }
        }
        let queue = BlockingQueue(label: "connections", maximumWaiting: 1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Not with HummingbirdTesting: it leaves the limit out and opens a connection of its own.
            group.addTask { try await fixture.portal.run() }
            let port = try #require(await ports.first { _ in true })
            try await queue.run {
                let request = "GET /icon.svg HTTP/1.1\r\nHost: localhost\r\n\r\n"
                let first = try RawConnection(port: port)
                try first.send(request)
                #expect(try first.receive().hasPrefix("HTTP/1.1 200"))
                let second = try RawConnection(port: port)
                try second.send(request)
                #expect(try second.receive().hasPrefix("HTTP/1.1 200"))
                #expect(try first.receive() == "")
                let third = try RawConnection(port: port)
                try third.send("GET / HTTP/1.1\r\nX-Slow: ")
                #expect(try third.receive() == "")
            }
            group.cancelAll()
        }
    }

    @Test("A body that drips, and an answer that nobody reads, do not hold a connection for long")
    func deadlines() async throws {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let fixture = try await PortalFixture(origins: [], relyingPartyID: "localhost") {
            $0.exchangeTimeout = .seconds(2)
            // Not what closes the connections here.
            $0.idleTimeout = .seconds(300)
            $0.onListening = { continuation.yield($0) }
        }
        let queue = BlockingQueue(label: "connections", maximumWaiting: 1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await fixture.portal.run() }
            let port = try #require(await ports.first { _ in true })
            try await queue.run {
                let dripping = try RawConnection(port: port)
                try dripping.send(
                    "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n"
                        + "Content-Type: application/x-www-form-urlencoded\r\n\r\n")
                var drops = 0
                while drops < 100, !dripping.isClosed {
                    // A drop that comes after the end is lost.
                    do { try dripping.send("c") } catch { break }
                    usleep(300_000)
                    drops += 1
                }
                #expect(drops < 100)

                // Answers pile up until none can be sent any more.
                let silent = try RawConnection(port: port)
                let request = String(repeating: "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 20)
                var isOpen = true
                for _ in 0..<10_000 where isOpen {
                    do { try silent.send(request) } catch { isOpen = false }
                }
                #expect(!isOpen)

                // Whoever is quick stays, over many requests.
                let quick = try RawConnection(port: port)
                for _ in 0..<3 {
                    try quick.send("GET /icon.svg HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    #expect(try quick.receive().hasPrefix("HTTP/1.1 200"))
                }
            }
            group.cancelAll()
        }
    }

    @Test("An RP ID that does not fit the origins is refused at once")
    func configuration() async throws {
        await #expect(throws: (any Error).self) { try await PortalFixture(relyingPartyID: "other.example") }
        await #expect(throws: PortalConfigurationError.self) { try await PortalFixture(relyingPartyID: "not a domain") }
    }
}
