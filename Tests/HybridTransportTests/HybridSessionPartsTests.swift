import CTAP
import HybridProtocol
import TestSupport
import Testing

@testable import HybridTransport

@Suite(.timeLimit(.minutes(1))) struct HybridSessionPartsTests {
    @Test("messages are received in order, the ending after them and then for ever")
    func order() async throws {
        let mailbox = MessageMailbox()
        for number in 0..<3 as Range<UInt8> { #expect(mailbox.deliver([number])) }
        mailbox.finish()
        mailbox.finish(throwing: TunnelError.connectionLost)
        #expect(mailbox.deliver([9]))
        for number in 0..<3 as Range<UInt8> { #expect(try await mailbox.receive() == [number]) }
        #expect(try await mailbox.receive() == nil)
        #expect(try await mailbox.receive() == nil)
    }

    @Test("an error is received after the messages")
    func failure() async throws {
        let mailbox = MessageMailbox()
        #expect(mailbox.deliver([1]))
        mailbox.finish(throwing: TunnelError.connectionLost)
        #expect(try await mailbox.receive() == [1])
        for _ in 0..<2 {
            await #expect(throws: TunnelError.connectionLost) { try await mailbox.receive() }
        }
    }

    @Test("no more than the capacity may wait")
    func capacity() async throws {
        let mailbox = MessageMailbox()
        for _ in 0..<16 { #expect(mailbox.deliver([1])) }
        #expect(!mailbox.deliver([1]))
        _ = try await mailbox.receive()
        #expect(mailbox.deliver([1]))
    }

    @Test("what waits already is taken without waiting")
    func takeWaiting() async throws {
        let mailbox = MessageMailbox()
        #expect(mailbox.takeWaiting() == nil)
        #expect(mailbox.deliver([1]) && mailbox.deliver([2]))
        #expect(mailbox.takeWaiting() == [1])
        mailbox.finish(throwing: TunnelError.connectionLost)
        #expect(mailbox.takeWaiting() == [2])
        #expect(mailbox.takeWaiting() == nil)
        await #expect(throws: TunnelError.connectionLost) { try await mailbox.receive() }
    }

    @Test("a cancelled wait takes no message, whenever it is cancelled")
    func cancellation() async throws {
        for round in 0..<200 as Range<Int> {
            let mailbox = MessageMailbox()
            let wait = Task { try await mailbox.receive() }
            if round.isMultiple(of: 2) { await Task.yield() }
            async let delivered = mailbox.deliver([7])
            wait.cancel()
            #expect(await delivered)
            switch await wait.result {
            case .success(let message): #expect(message == [7])
            case .failure(let error):
                #expect(error is CancellationError)
                #expect(try await mailbox.receive() == [7])
            }
        }
    }

    @Test("whoever waits is told of the end", arguments: [true, false])
    func waiting(fails: Bool) async throws {
        let mailbox = MessageMailbox()
        let wait = Task { try await mailbox.receive() }
        await Task.yield()
        mailbox.finish(throwing: fails ? TunnelError.connectionLost : nil)
        switch await wait.result {
        case .success(let message): #expect(message == nil && !fails)
        case .failure(let error): #expect(fails && error as? TunnelError == .connectionLost)
        }
    }

    @Test("an operation in time gives its value, even one that is nil, and its error")
    func inTime() async throws {
        let clock = ManualClock()
        let nothing: [UInt8]? = try await within(.seconds(1), on: clock, expired: .noCTAP) { nil }
        #expect(nothing == nil)
        await #expect(throws: TunnelError.connectionLost) {
            try await within(.seconds(1), on: clock, expired: .noCTAP) { throw TunnelError.connectionLost }
        }
    }

    @Test("an operation that is late is cancelled, and so is one whose task is")
    func late() async throws {
        let clock = ManualClock()
        let mailbox = MessageMailbox()
        let late = Task {
            try await within(.seconds(1), on: clock, expired: .timedOut(.peer)) { try await mailbox.receive() }
        }
        await clock.sleepers()
        clock.advance(by: .seconds(1))
        await #expect(throws: HybridSessionError.timedOut(.peer)) { try await late.value }
        let cancelled = Task {
            try await within(.seconds(1), on: clock, expired: .timedOut(.peer)) { try await mailbox.receive() }
        }
        await clock.sleepers()
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
    }

    @Test("every error is a sentence without a full stop, and names its leg")
    func errors() {
        let table: [(HybridSessionError, HybridSessionError.Leg)] = [
            (.timedOut(.advertisement), .advertisement), (.timedOut(.peer), .peer), (.timedOut(.response), .response),
            (.closedByPeer(.peer), .peer), (.closedByPeer(.request), .request),
            (.handshake(.authenticationFailed), .handshake),
            (.cipher(.request, .authenticationFailed), .request), (.message(.response, .empty), .response),
            (.postHandshake(.notAMap), .postHandshake), (.noCTAP, .postHandshake), (.malformedInfo, .postHandshake),
            (.unexpectedMessage(.request, "JSON"), .request), (.noAuthenticatorInfo(.other), .postHandshake),
            (.noRoutingID, .tunnel), (.transport(.tunnel, "a b"), .tunnel),
        ]
        for (error, leg) in table {
            #expect(error.leg == leg)
            #expect(error.description.contains(" ") && !error.description.hasSuffix("."))
        }
    }
}
