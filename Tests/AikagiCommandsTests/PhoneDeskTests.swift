import BluetoothLE
import Foundation
import HybridProtocol
import HybridTransport
import Synchronization
import TestSupport
import Testing

@testable import AikagiCommands
@testable import QRCodes
@testable import ScreenCapture

/// Phones beside a screen, at whose tunnel service nobody listens.
private struct DeskStage: Sendable {
    let desk: PhoneDesk
    let events: EventLines

    static func run(_ phones: [String], _ body: (DeskStage) async throws -> Void) async throws {
        try await withScratchDirectory { folder in
            let events = try EventLines(in: folder)
            let domain = try #require(TunnelDomain(id: 266))
            let endpoint = TunnelEndpoint(
                domain: domain, connectAddress: TunnelEndpoint.Address(host: "127.0.0.1", port: 1), trustRoots: .system)
            let desk = PhoneDesk(
                phones: try phones.map { text in
                    PhoneDesk.Phone(
                        argument: try PhoneArgument(argument: text), authenticator: FakeKey(1),
                        gate: try PhoneArgument(argument: text).gate.gate(of: text))
                }, radio: InProcessRadio(), domain: domain, endpoint: endpoint, log: events.log)
            try await body(DeskStage(desk: desk, events: events))
        }
    }

    static func code(seed: UInt64, hint: HybridOperationHint = .getAssertion) throws -> String {
        var generator = SeededGenerator(seed: seed)
        return try HybridQRKey(using: &generator).qrCode(hint: hint, timestamp: 0).url
    }

    var state: [String] { desk.names.map { "\($0.name) \($0.isReady)" } }
}

@Suite(.timeLimit(.minutes(1))) struct PhoneDeskTests {
    @Test("Phones lie ready unless they are away, and are taken in hand and put away")
    func hands() async throws {
        try await DeskStage.run(["name=one", "name=two,away", "name=three"]) { stage in
            #expect(stage.state == ["one true", "two false", "three true"])
            stage.desk.set(1, inHand: true)
            #expect(stage.state == ["one true", "two true", "three true"])
            stage.desk.set(0, inHand: false)
            #expect(stage.state == ["one false", "two true", "three true"])
            let events = [await stage.events.next(), await stage.events.next()]
            #expect(events.map { $0?["event"] } == ["in-hand", "away"])
            #expect(events.map { $0?["device"] } == ["two", "one"])
        }
    }

    @Test("The phone in hand sees a code once: the first that lies ready, else the one that was taken last")
    func order() async throws {
        try await DeskStage.run(["manual,name=one,away", "manual,name=two", "manual,name=three"]) { stage in
            let codes = try (1...4).map { try DeskStage.code(seed: $0) }
            await stage.desk.scan(codes[0])
            await stage.desk.scan(codes[0])
            stage.desk.set(2, inHand: true)
            await stage.desk.scan(codes[1])
            stage.desk.set(2, inHand: false)
            await stage.desk.scan(codes[2])
            stage.desk.set(1, inHand: false)
            await stage.desk.scan(codes[3])
            // It appeared when no phone was in hand, and is looked at once one is.
            stage.desk.set(0, inHand: true)
            for await code in stage.desk.leftOver {
                #expect(code == codes[3])
                await stage.desk.scan(code)
                break
            }
            stage.events.log.note("end")
            var events: [String] = []
            while let event = await stage.events.next(), event["event"] != "end" {
                events.append(
                    [event["device"], event["event"], event["url"]].compactMap(\.self).joined(separator: " "))
            }
            #expect(
                events == [
                    "two qr-code \(codes[0])", "three in-hand", "three qr-code \(codes[1])", "three away",
                    "two qr-code \(codes[2])", "two away", "one in-hand", "one qr-code \(codes[3])",
                ])
        }
    }

    @Test("A phone that scans says so and what for; that it then fails is told, and what is no code as well")
    func failure() async throws {
        try await DeskStage.run(["auto"]) { stage in
            await stage.desk.scan(try DeskStage.code(seed: 1, hint: .makeCredential))
            let scanned = await stage.events.next()
            #expect(scanned?["event"] == "scanned")
            #expect(scanned?["hint"] == "mc")
            let failed = await stage.events.next()
            #expect(failed?["event"] == "failed")
            #expect(failed?["message"]?.contains("no tunnel service") == true)
            await stage.desk.scan("FIDO:/123")
            #expect(await stage.events.nextName() == "failed")
        }
    }

    @Test("A scan that is cancelled while the phone takes its time is no failure")
    func cancellation() async throws {
        try await DeskStage.run(["scan-after=3600"]) { stage in
            let (desk, code) = (stage.desk, try DeskStage.code(seed: 1))
            let task = Task { await desk.scan(code) }
            #expect(await stage.events.nextName() == "scanned")
            task.cancel()
            await task.value
            stage.events.log.note("end")
            #expect(await stage.events.nextName() == "end")
        }
    }
}

/// A screen that shows one thing.
private struct FixedScreen: Screen {
    private let dump: [UInt8]
    private let looks: AsyncStream<Void>
    private let look: AsyncStream<Void>.Continuation

    init(_ text: String) throws {
        (looks, look) = AsyncStream.makeStream(of: Void.self)
        let image = try QRCode.draw(text).image(moduleSize: 3, quietZone: 4)
        dump =
            WindowDumpHeader.bytes(width: UInt32(image.width), height: UInt32(image.height))
            + image.pixels.flatMap { [$0, $0, $0, 0] }
    }

    func capture() throws(ScreenError) -> [UInt8] {
        look.yield()
        return dump
    }

    /// Returns when it has been looked at so many times: all but the last look have been dealt with then.
    func looked(_ count: Int) async {
        var looks = looks.makeAsyncIterator()
        for _ in 0..<count { await looks.next() }
    }
}

/// A screen that cannot be looked at.
private struct BrokenScreen: Screen {
    func capture() throws(ScreenError) -> [UInt8] { throw .noImage(":9") }
}

@Suite(.timeLimit(.minutes(1))) struct ScreenWatchTests {
    private func watch(
        phone: String = "manual,name=one", _ body: (ScreenWatch, DeskStage) async throws -> Void
    ) async throws {
        try await DeskStage.run([phone]) { stage in
            let watch = ScreenWatch(log: stage.events.log)
            let desk = stage.desk
            let task = Task { await watch.run(desk) }
            try await body(watch, stage)
            task.cancel()
            await task.value
        }
    }

    @Test("While a program looks for phones, the phones look at the screens, at later ones as well")
    func screens() async throws {
        try await watch { watch, stage in
            let codes = try (1...3).map { try DeskStage.code(seed: $0) }
            watch.tell(display: try FixedScreen(codes[0]))
            watch.tell(display: try FixedScreen("https://a.example/FIDO:/1"))
            watch.tell(isDiscovering: true)
            #expect(await stage.events.nextName() == "discovering")
            #expect(await stage.events.next()?["url"] == codes[0])
            watch.tell(display: try FixedScreen(codes[1]))
            #expect(await stage.events.next()?["url"] == codes[1])
            watch.tell(isDiscovering: false)
            #expect(await stage.events.nextName() == "discovery-ended")
            watch.tell(display: try FixedScreen(codes[2]))
            watch.tell(isDiscovering: true)
            #expect(await stage.events.nextName() == "discovering")
            // The others have been scanned before.
            #expect(await stage.events.next()?["url"] == codes[2])
        }
    }

    @Test("A code that is there when a phone is taken in hand is scanned then")
    func takenInHand() async throws {
        try await watch(phone: "manual,name=one,away") { watch, stage in
            let code = try DeskStage.code(seed: 1)
            let screen = try FixedScreen(code)
            watch.tell(display: screen)
            watch.tell(isDiscovering: true)
            #expect(await stage.events.nextName() == "discovering")
            await screen.looked(3)
            stage.desk.set(0, inHand: true)
            #expect(await stage.events.nextName() == "in-hand")
            #expect(await stage.events.next()?["url"] == code)
        }
    }

    @Test("A screen that cannot be looked at is told, and the others are looked at still")
    func broken() async throws {
        try await watch { watch, stage in
            let code = try DeskStage.code(seed: 1)
            watch.tell(display: BrokenScreen())
            watch.tell(isDiscovering: true)
            #expect(await stage.events.nextName() == "discovering")
            #expect(await stage.events.next()?["message"] == "\(ScreenError.noImage(":9"))")
            watch.tell(display: try FixedScreen(code))
            #expect(await stage.events.next()?["url"] == code)
        }
    }

    @Test(
        "Of several phones the first scans whose person wants to, and is asked where that is not known",
        arguments: [
            (["gate=approve", "gate=approve"], "0"), (["gate=deny", "gate=delay:0"], "1"),
            (["gate=ignore", "gate=exec:false", "gate=exec:true"], "2"), (["gate=exec:true", "gate=approve"], "0"),
            (["gate=ignore", "gate=deny"], "0"), (["gate=exec:false", "gate=ignore"], "1"),
            (["gate=exec:false", "gate=exec:false"], nil), (["gate=exec:false"], "0"),
        ])
    func gates(phones: [String], who: String?) async throws {
        let texts = phones.enumerated().map { "manual,name=\($0),\($1)" }
        try await DeskStage.run(texts) { stage in
            await stage.desk.scan(try DeskStage.code(seed: 1))
            let event = try #require(await stage.events.next())
            #expect(event["event"] == (who == nil ? "nobody-scans" : "qr-code"))
            #expect(event["device"] == who)
        }
    }
}
