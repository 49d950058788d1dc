import SoftwareAuthenticator
import Synchronization
import Testing

@testable import AikagiCommands

@Suite(.timeLimit(.minutes(1))) struct DecliningGateTests {
    private final class Watch: Sendable {
        let time = Mutex(ContinuousClock.now)
        func advance(by duration: Duration) { time.withLock { $0 += duration } }
    }

    @Test("A question is declined, and no longer answered when it comes again and again")
    func patience() async {
        let watch = Watch()
        let gate = DecliningGate { watch.time.withLock(\.self) }
        let request = UserRequest(.getAssertion(relyingPartyID: "a.example"), needsVerification: true)
        for _ in 0..<2 {
            for _ in 0..<DecliningGate.patience { #expect(await gate.decide(request) == .denied) }
            let ignored = Task { await gate.decide(request) }
            ignored.cancel()
            #expect(await ignored.value == .timedOut)
            watch.advance(by: DecliningGate.span + .milliseconds(1))
        }
        // Another question is another matter.
        let other = UserRequest(.getAssertion(relyingPartyID: "b.example"), needsVerification: true)
        for question in [request, other, request, other] { #expect(await gate.decide(question) == .denied) }
    }
}
