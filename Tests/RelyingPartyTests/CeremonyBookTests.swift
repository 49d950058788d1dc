import FoundationEssentials
import RelyingParty
import TestSupport
import Testing
import WebAuthnModel

@Suite("Challenges")
struct CeremonyBookTests {
    func ceremony(_ seed: UInt8, expires: Double = 300) -> Ceremony {
        Ceremony(
            kind: .authentication, challenge: [UInt8](repeating: seed, count: 32),
            expires: testNow.addingTimeInterval(expires), userHandle: nil, userVerification: .required)
    }

    @Test("A challenge is redeemed once")
    func once() throws {
        var book = CeremonyBook()
        book.open(ceremony(1), now: testNow)
        #expect(try book.redeem(challenge: ceremony(1).challenge.bytes, now: testNow) == ceremony(1))
        #expect(throws: CeremonyError.challengeUsed) {
            _ = try book.redeem(challenge: ceremony(1).challenge.bytes, now: testNow)
        }
    }

    @Test("A challenge that was never issued is unknown")
    func unknown() {
        var book = CeremonyBook()
        #expect(throws: CeremonyError.challengeUnknown) { _ = try book.redeem(challenge: [], now: testNow) }
    }

    @Test("A challenge expires, whether it was used or not", arguments: [true, false])
    func expires(wasUsed: Bool) throws {
        var book = CeremonyBook()
        book.open(ceremony(1), now: testNow)
        let challenge = ceremony(1).challenge.bytes
        if wasUsed { _ = try book.redeem(challenge: challenge, now: testNow.addingTimeInterval(299.9)) }
        #expect(throws: CeremonyError.challengeExpired) {
            _ = try book.redeem(challenge: challenge, now: testNow.addingTimeInterval(300))
        }
        #expect(book.count == 0)
    }

    @Test("A full book forgets what expired, then what expires first")
    func bounded() throws {
        var book = CeremonyBook(capacity: 3)
        book.open(ceremony(1, expires: 10), now: testNow)
        book.open(ceremony(2, expires: 200), now: testNow)
        book.open(ceremony(3, expires: 100), now: testNow)
        book.open(ceremony(4, expires: 300), now: testNow.addingTimeInterval(20))
        #expect(book.count == 3)
        #expect(throws: CeremonyError.challengeUnknown) {
            _ = try book.redeem(challenge: ceremony(1).challenge.bytes, now: testNow)
        }
        book.open(ceremony(5, expires: 400), now: testNow.addingTimeInterval(20))
        #expect(book.count == 3)
        #expect(throws: CeremonyError.challengeUnknown) {
            _ = try book.redeem(challenge: ceremony(3).challenge.bytes, now: testNow)
        }
        for seed: UInt8 in [2, 4, 5] {
            _ = try book.redeem(challenge: ceremony(seed).challenge.bytes, now: testNow)
        }
    }

    @Test("A ceremony survives being stored as JSON")
    func codable() throws {
        let ceremony = try makeRelyingParty().registration()
        let copy = try JSONDecoder().decode(Ceremony.self, from: JSONEncoder().encode(ceremony))
        #expect(copy == ceremony)
    }
}
