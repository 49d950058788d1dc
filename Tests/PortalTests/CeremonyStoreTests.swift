import Foundation
import GRDB
import RelyingParty
import Testing
import WebAuthnModel

@testable import Portal

@Suite struct CeremonyStoreTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func ceremony(_ seed: UInt8, expires: Double = 300) -> Ceremony {
        Ceremony(
            kind: .authentication, challenge: [UInt8](repeating: seed, count: 32),
            expires: now.addingTimeInterval(expires), userHandle: nil, userVerification: .required)
    }

    /// A visit, of the fixture's account or of nobody.
    private func session(_ seed: UInt8, of account: Account? = nil) -> Session {
        let visitor = account.map {
            Session.Visitor(
                account: $0, level: .password, isFirstLogin: false, hasPasskeys: false, hasOneTimePassword: false,
                isFreshlyProven: false)
        }
        return Session(secret: [UInt8](repeating: seed, count: 48), isNew: false, visitor: visitor)
    }

    private func count(_ fixture: PortalFixture) async throws -> Int {
        try await fixture.portal.core.database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM ceremony") ?? 0 }
    }

    @Test("A challenge is redeemed once, by its own session, before it expires", arguments: [true, false])
    func once(isLoggedIn: Bool) async throws {
        let fixture = try await PortalFixture()
        let account = isLoggedIn ? try await fixture.account() : nil
        let (own, foreign) = (session(1, of: account), session(2, of: account))
        try await fixture.portal.core.database.write { database in
            for seed: UInt8 in [1, 2] { try CeremonyStore.open(ceremony(seed), for: own, now: now, in: database) }
            func redeem(_ seed: UInt8, _ session: Session, after seconds: Double = 0) throws -> Ceremony {
                try CeremonyStore.redeem(
                    challenge: ceremony(seed).challenge.bytes, for: session, now: now.addingTimeInterval(seconds),
                    in: database)
            }
            #expect(throws: CeremonyError.challengeUnknown) { _ = try redeem(1, foreign) }
            #expect(throws: CeremonyError.challengeUnknown) { _ = try redeem(9, own) }
            #expect(try redeem(1, own, after: 299.9) == ceremony(1))
            #expect(throws: CeremonyError.challengeUsed) { _ = try redeem(1, own, after: 299.9) }
            #expect(throws: CeremonyError.challengeExpired) { _ = try redeem(2, own, after: 300) }
        }
    }

    @Test("A ceremony of nobody is deleted when it expires, one of an account an hour later")
    func deletedAtExpiry() async throws {
        let fixture = try await PortalFixture()
        let known = session(1, of: try await fixture.account())
        try await fixture.portal.core.database.write { database in
            try CeremonyStore.open(ceremony(1), for: known, now: now, in: database)
            for seed in UInt8(2)..<6 {
                try CeremonyStore.open(ceremony(seed), for: session(seed), now: now, in: database)
            }
            _ = try CeremonyStore.redeem(
                challenge: ceremony(2).challenge.bytes, for: session(2), now: now, in: database)
        }
        #expect(try await count(fixture) == 5)
        try await fixture.portal.core.database.write { database in
            try CeremonyStore.open(
                ceremony(6, expires: 600), for: session(6), now: now.addingTimeInterval(300), in: database)
        }
        #expect(try await count(fixture) == 2)
        try await fixture.portal.core.database.write { database in
            try CeremonyStore.open(
                ceremony(7, expires: 4300), for: known, now: now.addingTimeInterval(4000), in: database)
        }
        #expect(try await count(fixture) == 1)
    }

    @Test("When there are too many, the one that expires first makes room, and accounts lose none to nobody's")
    func bounded() async throws {
        let fixture = try await PortalFixture()
        let known = session(1, of: try await fixture.account())
        try await fixture.portal.core.database.write { database in
            try CeremonyStore.open(ceremony(1, expires: 1), for: known, now: now, capacity: 3, in: database)
            for (seed, expires) in [(UInt8(2), 200.0), (3, 100), (4, 300), (5, 400)] {
                try CeremonyStore.open(
                    ceremony(seed, expires: expires), for: session(seed), now: now, capacity: 3, in: database)
            }
            #expect(throws: CeremonyError.challengeUnknown) {
                _ = try CeremonyStore.redeem(
                    challenge: ceremony(3).challenge.bytes, for: session(3), now: now, in: database)
            }
            for seed: UInt8 in [2, 4, 5] {
                _ = try CeremonyStore.redeem(
                    challenge: ceremony(seed).challenge.bytes, for: session(seed), now: now, in: database)
            }
            _ = try CeremonyStore.redeem(challenge: ceremony(1).challenge.bytes, for: known, now: now, in: database)
        }
        #expect(try await count(fixture) == 4)
    }

    @Test("A session has eight ceremonies at most")
    func boundedPerSession() async throws {
        let fixture = try await PortalFixture()
        try await fixture.portal.core.database.write { database in
            for seed in UInt8(0)..<20 {
                try CeremonyStore.open(
                    ceremony(seed, expires: 300 + Double(seed)), for: session(1), now: now, in: database)
            }
        }
        #expect(try await count(fixture) == 8)
    }
}
