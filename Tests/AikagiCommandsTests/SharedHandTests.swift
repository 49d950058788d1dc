import SoftwareAuthenticator
import TestSupport
import Testing

@testable import AikagiCommands

@Suite(.timeLimit(.minutes(1))) struct SharedHandTests {
    private let clock = ManualClock()
    private let hand: SharedHand

    init() { hand = SharedHand(clock: clock) }

    static func registration(_ site: String = "a.example") -> UserRequest.Reason {
        .makeCredential(relyingPartyID: site, relyingPartyName: nil, userName: nil)
    }

    static func login(_ site: String = "a.example") -> UserRequest.Reason { .getAssertion(relyingPartyID: site) }

    private func plug(_ keys: Int...) { for key in keys { hand.set(key, isPlugged: true) } }

    /// Lets a key ask; returns once it blinks, if it does.
    private func ask(_ key: Int, _ reason: UserRequest.Reason, has sites: [String] = []) -> Task<UserDecision, Never> {
        let gate = hand.gate(of: key)
        var isFutile = false
        if case .getAssertion(let site) = reason { isFutile = !sites.contains(site) }
        let request = UserRequest(reason, needsVerification: false, isFutile: isFutile)
        return Task { await gate.decide(request) }
    }

    @Test("A key that is alone is touched at once", arguments: [registration(), login(), .selection, .reset])
    func alone(reason: UserRequest.Reason) async {
        plug(7)
        #expect(await ask(7, reason).value == .approved)
        plug(8)
        hand.set(7, isPlugged: false)
        #expect(await ask(8, reason).value == .approved)
    }

    /// Which of two keys that ask at the same time is touched first.
    static let choices: [(UserRequest.Reason, [String], UserRequest.Reason, [String], first: Int)] = [
        // The one with a passkey for the site.
        (login(), [], login(), ["a.example"], 1), (login(), ["a.example"], login(), [], 0),
        (login(), ["b.example"], login(), ["a.example"], 1),
        // Where there is no difference, the first of them.
        (login(), ["a.example"], login(), ["a.example"], 0), (login(), [], login(), [], 0),
        (registration(), [], registration(), [], 0), (.selection, [], .selection, [], 0),
        // What is asked only to make a key blink comes last.
        (registration(".dummy"), [], login(), ["a.example"], 1),
        (registration("make.me.blink"), [], registration(), [], 1),
        (registration(".dummy"), [], .excludedCredential(relyingPartyID: "a.example"), [], 1),
        (.selection, [], login(), ["a.example"], 1), (.reset, [], registration(), [], 1),
        // A key that has its passkey already only says so.
        (.excludedCredential(relyingPartyID: "a.example"), [], registration(), [], 1),
        (.excludedCredential(relyingPartyID: "a.example"), [], login(), ["a.example"], 1),
        // A key without a passkey for the site is of no use.
        (login(), [], registration(".dummy"), [], 0),
        (login(), [], .excludedCredential(relyingPartyID: "b.example"), [], 1),
    ]

    @Test(
        "Of several keys that blink, the one that leads on is touched first, the other when it goes on",
        arguments: choices)
    func choice(
        one: UserRequest.Reason, _ ofOne: [String], other: UserRequest.Reason, _ ofOther: [String], first: Int
    ) async {
        plug(0, 1)
        let tasks = [ask(0, one, has: ofOne), ask(1, other, has: ofOther)]
        await clock.sleepers(2)
        clock.advance(by: SharedHand.lookingTime)
        #expect(await tasks[first].value == .approved)
        await clock.sleepers()
        clock.advance(by: SharedHand.patience)
        #expect(await tasks[1 - first].value == .approved)
    }

    @Test("Nothing is touched before the person has looked, nor the next before its time")
    func times() async {
        plug(0, 1)
        let (first, second) = (ask(0, Self.login()), ask(1, Self.login()))
        await clock.sleepers(2)
        clock.advance(by: SharedHand.lookingTime - .milliseconds(1))
        await clock.sleepers(2)
        clock.advance(by: .milliseconds(1))
        #expect(await first.value == .approved)
        await clock.sleepers()
        clock.advance(by: SharedHand.patience - .milliseconds(1))
        await clock.sleepers()
        second.cancel()
        #expect(await second.value == .timedOut)
    }

    @Test("A question that is withdrawn is not touched, whether it blinks yet or not", arguments: [true, false])
    func withdrawn(blinks: Bool) async {
        plug(0, 1)
        let task = ask(0, Self.login(), has: ["a.example"])
        if blinks { await clock.sleepers() }
        task.cancel()
        #expect(await task.value == .timedOut)
        let other = ask(1, Self.login())
        await clock.sleepers()
        clock.advance(by: SharedHand.lookingTime)
        #expect(await other.value == .approved)
    }

    @Test("A key that begins to blink while others rest is looked at, too")
    func latecomer() async {
        plug(0, 1, 2)
        let tasks = [ask(0, Self.login()), ask(1, Self.login())]
        await clock.sleepers(2)
        clock.advance(by: SharedHand.lookingTime)
        #expect(await tasks[0].value == .approved)
        await clock.sleepers()
        let late = ask(2, Self.login())
        await clock.sleepers(2)
        clock.advance(by: SharedHand.lookingTime)
        #expect(await late.value == .approved)
        tasks[1].cancel()
        #expect(await tasks[1].value == .timedOut)
    }
}
