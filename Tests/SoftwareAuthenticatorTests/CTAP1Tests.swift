import CBOR
import CTAP
import Crypto
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@Suite("CTAP1 (§7)", .timeLimit(.minutes(2)))
struct CTAP1Tests {
    private static let challenge = [UInt8](repeating: 1, count: 32)
    private static let application = Array(SHA256.hash(data: Array(Bench.relyingPartyID.utf8)))

    private static func apdu(_ instruction: UInt8, p1: UInt8 = 0, _ data: [UInt8] = []) -> [UInt8] {
        [0, instruction, p1, 0, 0, UInt8(data.count >> 8), UInt8(data.count & 0xFF)] + data + [0, 0]
    }

    private func send(_ apdu: [UInt8], to bench: Bench) async -> [UInt8] {
        await bench.authenticator.respond(toAPDU: apdu, in: CTAPRequestContext())
    }

    @Test(
        "what is malformed or not there has a status word",
        arguments: [
            ("", "6700"), ("000300", "6700"), ("00030000", "5532465f56329000"), ("0003000000", "5532465f56329000"),
            ("00030000000000", "5532465f56329000"), ("0003000000000100", "6700"), ("000300000000010000", "6700"),
            ("0103000000", "6e00"), ("0004000000", "6d00"), ("0040000000", "6d00"), ("0001000000", "6700"),
            ("000100000201", "6700"), ("0001000000000101", "6700"), ("0002030000", "6700"),
        ])
    func malformed(hex: String, expected: String) async throws {
        #expect(await send(try #require([UInt8](hex: hex)), to: Bench(.securityKey)).hex == expected)
    }

    @Test("a registration and its uses; a handle is bound to its application")
    func roundTrip() async throws {
        let bench = Bench(.securityKey)
        let made = await send(Self.apdu(1, Self.challenge + Self.application), to: bench)
        #expect(made.first == 5 && made.suffix(2) == [0x90, 0])
        let point = Array(made[1..<66])
        let handle = Array(made[67..<67 + Int(made[66])])
        func authenticate(p1: UInt8, application: [UInt8] = Self.application, handle: [UInt8]) async -> [UInt8] {
            await send(
                Self.apdu(2, p1: p1, Self.challenge + application + [UInt8(handle.count)] + handle), to: bench)
        }
        #expect(await authenticate(p1: 7, handle: handle).hex == "6985")
        #expect(await authenticate(p1: 7, application: Self.challenge, handle: handle).hex == "6a80")
        #expect(await authenticate(p1: 3, handle: Array(handle.dropLast())).hex == "6a80")
        #expect(await authenticate(p1: 3, handle: []).hex == "6a80")
        #expect(await authenticate(p1: 3, handle: handle + [0]).hex == "6a80")
        #expect(await authenticate(p1: 5, handle: handle).hex == "6a80")
        for (p1, presence) in [(3, 1), (8, 0)] as [(UInt8, UInt8)] {
            let answer = await authenticate(p1: p1, handle: handle)
            #expect(answer.first == presence && answer.suffix(2) == [0x90, 0])
            let key = try P256.Signing.PublicKey(x963Representation: point)
            let signature = try P256.Signing.ECDSASignature(derRepresentation: answer[5...].dropLast(2))
            #expect(key.isValidSignature(signature, for: Self.application + answer.prefix(5) + Self.challenge))
        }
        // Both protocols share credentials.
        let assertion = await bench.status(Bench.authentication(allowList: [handle]).request)
        #expect(assertion == .success)
    }

    @Test(
        "U2F_REGISTER takes short and extended lengths, with and without Le, whatever P1 says", arguments: [0, 3, 0x80])
    func registerForms(p1: UInt8) async {
        let data = Self.challenge + Self.application
        for apdu in [
            [0, 1, p1, 0, 64] + data, [0, 1, p1, 0, 64] + data + [0], [0, 1, p1, 0, 0, 0, 64] + data,
            [0, 1, p1, 0, 0, 0, 64] + data + [0, 0],
        ] {
            let answer = await send(apdu, to: Bench(.securityKey))
            #expect(answer.first == 5 && answer.suffix(2) == [0x90, 0])
        }
    }

    @Test(
        "credentials made by CTAP2 can be used: ES256 that is not protected at level 3, discoverable or not",
        arguments: [
            (COSEAlgorithm.es256, nil, false, "6985"), (.es256, 1, false, "6985"), (.es256, 2, true, "6985"),
            (.es256, 3, false, "6a80"), (.es256, 3, true, "6a80"), (.edDSA, nil, true, "6a80"),
        ] as [(COSEAlgorithm, Int?, Bool, String)])
    func shared(algorithm: COSEAlgorithm, protection: Int?, discoverable: Bool, expected: String) async throws {
        let bench = Bench(.securityKey)
        var request = Bench.registration(algorithms: [algorithm], discoverable: discoverable)
        request.extensions = protection.map { Bench.extensions("credProtect", CBORValue($0)) }
        let made = try await bench.register(request)
        let data = Self.challenge + Self.application + [UInt8(made.id.count)] + made.id
        #expect(await send(Self.apdu(2, p1: 7, data), to: bench).hex == expected)
        guard expected == "6985" else { return }
        #expect(await send(Self.apdu(2, p1: 3, data), to: bench).suffix(2) == [0x90, 0])
    }

    @Test("who does not touch it is asked again after ten seconds; who declines is not asked before")
    func refusedTouch() async {
        let gate = RecordingGate(.denied)
        let bench = Bench(.securityKey, gate: gate)
        let register = Self.apdu(1, Self.challenge + Self.application)
        for _ in 1...3 { #expect(await send(register, to: bench).hex == "6985") }
        #expect(gate.requests.count == 1)
        gate.answer(.approved)
        bench.clock.advance(by: .seconds(10))
        #expect(await send(register, to: bench).hex == "6985")
        bench.clock.advance(by: .milliseconds(1))
        #expect(await send(register, to: bench).suffix(2) == [0x90, 0])
        #expect(gate.requests.count == 2)
        // Another request is another question, and so is the same one once it was answered.
        #expect(await send(Self.apdu(1, Self.application + Self.application), to: bench).suffix(2) == [0x90, 0])
        #expect(await send(register, to: bench).suffix(2) == [0x90, 0])
        #expect(gate.requests.count == 4)
    }

    @Test("a credential that needs a verified user, alwaysUv and other flavours")
    func guarded() async throws {
        let bench = Bench(.securityKey)
        var request = Bench.registration()
        request.extensions = Bench.extensions("credProtect", 3)
        let made = try await bench.register(request)
        let check = Self.challenge + Self.application + [UInt8(made.id.count)] + made.id
        #expect(await send(Self.apdu(2, p1: 7, check), to: bench).hex == "6a80")
        #expect(await bench.status(ConfigRequest(2).request) == .success)
        #expect(await send(Self.apdu(1, Self.challenge + Self.application), to: bench).hex == "6986")
        #expect(await send(Self.apdu(3), to: bench).hex == "6986")
        #expect(await send(Self.apdu(3), to: Bench(.platform)).hex == "6d00")
    }

    @Test("a touch that comes late is fetched by asking again; a refusal and the end of the power end the wait")
    func lateTouch() async throws {
        let gate = WaitingGate()
        let bench = Bench(.securityKey, gate: gate)
        let register = Self.apdu(1, Self.challenge + Self.application)
        func ask() async -> String {
            async let answer = send(register, to: bench)
            // The gate's time-out and the patience of this request.
            await bench.clock.sleepers(2)
            bench.clock.advance(by: .milliseconds(100))
            return await answer.suffix(2).map(String.init).joined(separator: " ")
        }
        #expect(await ask() == "105 133")
        _ = await gate.nextCall()
        gate.answer(.approved)
        var last = ""
        for _ in 0..<1000 where last != "144 0" {
            last = await send(register, to: bench).suffix(2).map(String.init).joined(separator: " ")
        }
        #expect(last == "144 0")
    }

    @Test("while another request waits for the user, what needs no user is answered, and the rest is to be asked again")
    func busy() async throws {
        let store = MemoryCredentialStore()
        let made = await send(Self.apdu(1, Self.challenge + Self.application), to: Bench(.securityKey, store: store))
        let handle = Array(made[67..<67 + Int(made[66])])
        let gate = WaitingGate()
        let bench = Bench(.securityKey, gate: gate, store: store)
        async let selection = bench.status(CTAPRequest(.selection))
        _ = await gate.nextCall()
        func authenticate(_ p1: UInt8, _ handle: [UInt8]) async -> String {
            let data = Self.challenge + Self.application + [UInt8(handle.count)] + handle
            return await send(Self.apdu(2, p1: p1, data), to: bench).hex
        }
        #expect(await send(Self.apdu(3), to: bench).suffix(2) == [0x90, 0])
        #expect(await authenticate(7, handle) == "6985")
        #expect(await authenticate(7, handle.reversed()) == "6a80")
        #expect(await send(Self.apdu(4), to: bench).hex == "6d00")
        for p1 in [3, 8] as [UInt8] { #expect(await authenticate(p1, handle) == "6985") }
        #expect(await send(Self.apdu(1, Self.challenge + Self.application), to: bench).hex == "6985")
        gate.answer(.approved)
        #expect(await selection == .success)
        #expect(await authenticate(8, handle).hasSuffix("9000"))
    }
}
