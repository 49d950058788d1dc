import CTAP
import Crypto
import CryptoExtras
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@Suite("getInfo outside of the actor (§6.4)", .timeLimit(.minutes(1)))
struct AnswerAtOnceTests {
    private static let getInfo = CTAPRequest(.getInfo)

    @Test("The answer is the usual one, as long as nothing has changed", arguments: Model.all)
    func same(model: Model) async throws {
        let bench = model.bench()
        #expect(bench.authenticator.respondAtOnce(to: Self.getInfo) == nil, "nothing is known yet")
        let usual = try AuthenticatorInfo(data: await bench.respond(Self.getInfo).data)
        let response = try #require(bench.authenticator.respondAtOnce(to: Self.getInfo))
        #expect(response.status == .success)
        #expect(withoutSecrets(try AuthenticatorInfo(data: response.data)) == withoutSecrets(usual))
    }

    @Test("After a change the actor is asked, and its answer is the new one")
    func change() async throws {
        let bench = Bench(.securityKey)
        let before = try AuthenticatorInfo(data: await bench.respond(Self.getInfo).data)
        #expect(await bench.status(Bench.registration(discoverable: true).request) == .success)
        #expect(bench.authenticator.respondAtOnce(to: Self.getInfo) == nil)
        let after = try AuthenticatorInfo(data: await bench.respond(Self.getInfo).data)
        #expect(after.remainingDiscoverableCredentials == before.remainingDiscoverableCredentials.map { $0 - 1 })
        try await PINPlatform(bench: bench).setUsualPIN()
        #expect(bench.authenticator.respondAtOnce(to: Self.getInfo) == nil)
        #expect(try AuthenticatorInfo(data: await bench.respond(Self.getInfo).data).options["clientPin"] == true)
        #expect(bench.authenticator.respondAtOnce(to: Self.getInfo) != nil)
    }

    @Test("Any other request, and getInfo with anything behind it, is left to the actor")
    func others() async {
        let bench = Bench(.securityKey)
        _ = await bench.respond(Self.getInfo)
        for command in 0...255 as ClosedRange<UInt8> where command != CTAPCommand.getInfo.rawValue {
            #expect(bench.authenticator.respondAtOnce(to: CTAPRequest(CTAPCommand(rawValue: command))) == nil)
        }
        #expect(bench.authenticator.respondAtOnce(to: CTAPRequest(.getInfo, parameters: [0xA0])) == nil)
    }

    @Test("While a request waits for the user, it waits as well")
    func busy() async throws {
        let gate = WaitingGate()
        let bench = Bench(.securityKey, gate: gate)
        _ = await bench.respond(Self.getInfo)
        async let registered = bench.status(Bench.registration().request)
        _ = await gate.nextCall()
        #expect(bench.authenticator.respondAtOnce(to: Self.getInfo) == nil)
        gate.answer(.approved)
        #expect(await registered == .success)
        #expect(bench.authenticator.respondAtOnce(to: Self.getInfo) != nil)
    }

    @Test("It ends a sequence as any other command does (§6, stateful commands)")
    func sequence() async throws {
        let bench = Bench(.securityKey)
        for user in [1, 2] as [UInt8] {
            #expect(await bench.status(Bench.registration(user: [user], discoverable: true).request) == .success)
        }
        _ = await bench.respond(Self.getInfo)
        #expect(await bench.status(Bench.authentication().request) == .success)
        #expect(bench.authenticator.respondAtOnce(to: Self.getInfo) == nil)
        #expect(await bench.status(CTAPRequest(.getNextAssertion)) == .success, "nothing has happened yet")
        #expect(await bench.status(Bench.authentication().request) == .success)
        #expect(await bench.status(Self.getInfo) == .success)
        #expect(await bench.status(CTAPRequest(.getNextAssertion)) == .notAllowed)
    }

    @Test("No initialization vector comes twice, and none is predictable by counting")
    func vectors() async throws {
        let bench = Bench(.securityKey)
        var seen: Set<[UInt8]> = []
        _ = await bench.respond(Self.getInfo)
        // Several of the batches in which they are made.
        for _ in 0..<200 {
            let response = try #require(bench.authenticator.respondAtOnce(to: Self.getInfo))
            let info = try AuthenticatorInfo(data: response.data)
            for member in [info.encryptedIdentifier, info.encryptedCredentialStoreState] {
                let member = try #require(member)
                #expect(member.count == 32)
                #expect(seen.insert(Array(member.prefix(16))).inserted)
            }
        }
        // Each bit is as often set as not: 400 vectors of 128 bits, ten standard deviations of 113.
        let bits = seen.joined().reduce(0) { $0 + $1.nonzeroBitCount }
        #expect((24_470...26_730).contains(bits))
    }

    private func withoutSecrets(_ info: AuthenticatorInfo) -> AuthenticatorInfo {
        var info = info
        info.encryptedIdentifier = nil
        info.encryptedCredentialStoreState = nil
        return info
    }
}
