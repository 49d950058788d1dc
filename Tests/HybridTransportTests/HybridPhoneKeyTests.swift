import CTAP
import HybridProtocol
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import BluetoothLE
@testable import HybridTransport

/// A key, a phone that scans its codes, and the tunnel service between them.
private struct PhoneKeyStage: Sendable {
    let key: HybridPhoneKey
    /// The codes that the key has shown.
    let codes: AsyncStream<HybridQRCode>
    /// How many they were.
    let codeCount: Counter
    let radio: InProcessRadio
    let room: ScriptedRoom
    let endpoint: TunnelEndpoint
    let domain: TunnelDomain

    final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock(\.self) }
        func add() { count.withLock { $0 += 1 } }
    }

    static func run(
        _ room: ScriptedRoom = .echo, clock: any Clock<Duration> = ContinuousClock(),
        radio: (any BluetoothRadio)? = nil, sessionClock: any Clock<Duration> = ContinuousClock(),
        _ body: @escaping @Sendable (PhoneKeyStage) async throws -> Void
    ) async throws {
        try await TunnelServerHarness.run { harness in
            let (codes, code) = AsyncStream.makeStream(of: HybridQRCode.self)
            let (air, endpoint, count) = (InProcessRadio(), harness.endpoint, Counter())
            let key = HybridPhoneKey(
                clock: clock,
                session: { key in
                    HybridClientSession(
                        key: key, radio: radio ?? air, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                        endpoint: { _ in endpoint }, clock: sessionClock)
                },
                show: { shown in
                    count.add()
                    code.yield(shown)
                })
            let stage = PhoneKeyStage(
                key: key, codes: codes, codeCount: count, radio: air, room: room, endpoint: endpoint,
                domain: try HybridSessionFixture().domain)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await key.run() }
                try await body(stage)
                group.cancelAll()
                try await group.waitForAll()
            }
            #expect(air.activity == (0, 0))
        }
    }

    /// Scans the next code, and answers until the session ends.
    func scan() async throws -> [CTAPStatus] {
        let code = try #require(await nextCode())
        return try await HybridAuthenticatorSession(
            qrCode: code, authenticator: room, domain: domain, endpoint: endpoint, radio: radio,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton
        ).run()
    }

    func nextCode() async -> HybridQRCode? {
        for await code in codes { return code }
        return nil
    }

    func ask(_ command: CTAPCommand, _ parameters: [UInt8] = []) async -> CTAPResponse {
        await key.respond(to: CTAPRequest(command, parameters: parameters), in: CTAPRequestContext())
    }
}

@Suite(.timeLimit(.minutes(1))) struct HybridPhoneKeyTests {
    @Test("What it can do is said without a phone, and without a code")
    func information() async throws {
        try await PhoneKeyStage.run { stage in
            let response = await stage.ask(.getInfo)
            #expect(response.status == .success)
            let info = try AuthenticatorInfo(data: response.data)
            #expect(info.versions == ["FIDO_2_0"])
            #expect(info.options == ["rk": true, "up": true, "uv": true])
            #expect(stage.codeCount.value == 0)
        }
    }

    @Test(
        "A request shows a code that says what for, and the phone that scans it answers",
        arguments: [(CTAPCommand.makeCredential, HybridOperationHint.makeCredential), (.getAssertion, .getAssertion)])
    func request(command: CTAPCommand, hint: HybridOperationHint) async throws {
        let clock = ManualClock()
        try await PhoneKeyStage.run(clock: clock) { stage in
            async let response = stage.ask(command, [1, 2, 3])
            let code = try #require(await stage.nextCode())
            #expect(code.operationHint == hint)
            let phone = Task {
                try await HybridAuthenticatorSession(
                    qrCode: code, authenticator: stage.room, domain: stage.domain, endpoint: stage.endpoint,
                    radio: stage.radio, eventLoopGroup: MultiThreadedEventLoopGroup.singleton
                ).run()
            }
            #expect(await response == CTAPResponse(.success, data: [1, 2, 3]))
            // The phone is kept for a while, then let go.
            await clock.sleepers()
            clock.advance(by: .seconds(5))
            #expect(try await phone.value == [.success])
            #expect(stage.room.requests == [CTAPRequest(command, parameters: [1, 2, 3])])
        }
    }

    @Test("Requests that follow each other go to the same phone, each anew prolonging its stay")
    func severalRequests() async throws {
        let clock = ManualClock()
        try await PhoneKeyStage.run(clock: clock) { stage in
            let phone = Task { try await stage.scan() }
            #expect(await stage.ask(.getAssertion, [1]) == CTAPResponse(.success, data: [1]))
            await clock.sleepers()
            clock.advance(by: .seconds(4))
            #expect(await stage.ask(.getAssertion, [2]) == CTAPResponse(.success, data: [2]))
            await clock.sleepers(2)
            // The time of the first is over, that of the second is not.
            clock.advance(by: .seconds(4))
            #expect(await stage.ask(.getNextAssertion) == CTAPResponse(.success))
            #expect(stage.codeCount.value == 1)
            await clock.sleepers(2)
            clock.advance(by: .seconds(5))
            let statuses = try await phone.value
            #expect(statuses == [.success, .success, .success])
            // What comes then is a ceremony of its own.
            let next = Task { try await stage.scan() }
            #expect(await stage.ask(.makeCredential, [3]) == CTAPResponse(.success, data: [3]))
            #expect(stage.codeCount.value == 2)
            await clock.sleepers()
            clock.advance(by: .seconds(5))
            #expect(try await next.value == [.success])
        }
    }

    @Test("What the phone's user declines is told as it is")
    func denial() async throws {
        try await PhoneKeyStage.run(ScriptedRoom { _ in CTAPResponse(.operationDenied) }) { stage in
            let phone = Task { try await stage.scan() }
            #expect(await stage.ask(.makeCredential) == CTAPResponse(.operationDenied))
            phone.cancel()
            _ = await phone.result
        }
    }

    @Test("The client is told at once that the user is waited for")
    func keepalive() async throws {
        try await PhoneKeyStage.run { stage in
            let (statuses, status) = AsyncStream.makeStream(of: KeepaliveStatus.self)
            let context = CTAPRequestContext(transport: .inProcess) { status.yield($0) }
            let request = Task { await stage.key.respond(to: CTAPRequest(.getAssertion), in: context) }
            for await first in statuses {
                #expect(first == .userPresenceNeeded)
                break
            }
            request.cancel()
            #expect(await request.value == CTAPResponse(.keepaliveCancel))
        }
    }

    @Test("A request that is given up before a phone comes ends its ceremony; the next has its own code at once")
    func cancelledBefore() async throws {
        try await PhoneKeyStage.run { stage in
            let first = Task { await stage.ask(.getAssertion, [1]) }
            let code = try #require(await stage.nextCode())
            first.cancel()
            // Without waiting until the first is cleared away.
            let second = Task { await stage.ask(.getAssertion, [2]) }
            #expect(await first.value == CTAPResponse(.keepaliveCancel))
            let phone = Task { try await stage.scan() }
            #expect(await second.value == CTAPResponse(.success, data: [2]))
            #expect(stage.codeCount.value == 2)
            #expect(code.url != "")
            phone.cancel()
            _ = await phone.result
        }
    }

    @Test("A request that is given up at the phone ends the phone's session; the next has a code of its own")
    func cancelledAtPhone() async throws {
        let room = ScriptedRoom { $0.parameters == [1] ? nil : CTAPResponse(.success, data: $0.parameters) }
        try await PhoneKeyStage.run(room) { stage in
            let phone = Task { try await stage.scan() }
            let first = Task { await stage.ask(.getAssertion, [1]) }
            await room.asks.wait()
            first.cancel()
            #expect(await first.value == CTAPResponse(.keepaliveCancel))
            await #expect(throws: HybridSessionError.closedByPeer(.request)) { try await phone.value }
            #expect(room.isCancelled.isSet)
            let next = Task { try await stage.scan() }
            #expect(await stage.ask(.getAssertion, [2]) == CTAPResponse(.success, data: [2]))
            #expect(stage.codeCount.value == 2)
            next.cancel()
            _ = await next.result
        }
    }

    @Test("A phone that goes in the middle is an error, and the next request has a code of its own")
    func phoneGoes() async throws {
        let room = ScriptedRoom { $0.parameters == [1] ? nil : CTAPResponse(.success, data: $0.parameters) }
        try await PhoneKeyStage.run(room) { stage in
            let phone = Task { try await stage.scan() }
            let first = Task { await stage.ask(.makeCredential, [1]) }
            await room.asks.wait()
            phone.cancel()
            #expect(await first.value == CTAPResponse(.other))
            _ = await phone.result
            let next = Task { try await stage.scan() }
            #expect(await stage.ask(.makeCredential, [2]) == CTAPResponse(.success, data: [2]))
            next.cancel()
            _ = await next.result
        }
    }

    @Test("Without a phone the request fails: with the user's time-out, or as it must when the radio is broken")
    func noPhone() async throws {
        let clock = ManualClock()
        try await PhoneKeyStage.run(sessionClock: clock) { stage in
            async let response = stage.ask(.getAssertion)
            await clock.sleepers()
            clock.advance(by: .seconds(180))
            #expect(await response == CTAPResponse(.userActionTimeout))
        }
        try await PhoneKeyStage.run(radio: BrokenRadio()) { stage in
            #expect(await stage.ask(.getAssertion) == CTAPResponse(.other))
            #expect(await stage.ask(.makeCredential) == CTAPResponse(.other))
            #expect(stage.codeCount.value == 2)
        }
    }

    @Test("When it ends, nobody waits any more; later requests are refused")
    func end() async throws {
        let key = HybridPhoneKey(
            session: { key in
                HybridClientSession(
                    key: key, radio: InProcessRadio(), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                    endpoint: { _ in HybridSessionFixture.nowhere })
            }, show: { _ in })
        let run = Task { await key.run() }
        let (statuses, status) = AsyncStream.makeStream(of: KeepaliveStatus.self)
        let context = CTAPRequestContext(transport: .inProcess) { status.yield($0) }
        let waiting = Task { await key.respond(to: CTAPRequest(.getAssertion), in: context) }
        for await _ in statuses { break }
        run.cancel()
        #expect(await waiting.value == CTAPResponse(.keepaliveCancel))
        await run.value
        let late = await key.respond(to: CTAPRequest(.getAssertion), in: CTAPRequestContext())
        #expect(late == CTAPResponse(.keepaliveCancel))
    }
}
