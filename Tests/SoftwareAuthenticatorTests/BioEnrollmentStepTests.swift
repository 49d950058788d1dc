import CBOR
import CTAP
import SoftwareAuthenticator
import TestSupport
import Testing

@Suite("authenticatorBioEnrollment, step by step (§6.7)", .timeLimit(.minutes(2))) struct BioEnrollmentStepTests {
    private static func map(_ entries: [(Int, CBORValue)]) -> CBORMap? {
        guard !entries.isEmpty else { return nil }
        var map = CBORMap()
        for (key, value) in entries { map[CBORValue(key)] = value }
        return map
    }

    private static let unknown: (Int, CBORValue) = (1, .bytes([9]))

    /// What is wrong with a request, worst first: without a proof, without parameters, without a protocol, with an unknown one,
    /// with a token of another kind; then what the subcommand itself says.
    private static let subcommands: [(UInt64, [(Int, CBORValue)], CTAPStatus)] = [
        (1, [], .success), (2, [unknown], .invalidOption), (4, [], .success),
        (5, [unknown, (2, "thumb")], .invalidOption), (6, [unknown], .invalidOption),
    ]

    @Test("the gate before each subcommand that needs a token, and what it says itself", arguments: subcommands)
    func gate(number: UInt64, entries: [(Int, CBORValue)], status: CTAPStatus) async throws {
        let platform = try await PINTests.platform(.platform)
        let bench = platform.bench
        var request = BioEnrollmentRequest(number)
        #expect(await bench.status(request.request) == .puatRequired)
        request.pinUVAuthParam = [1]
        if !entries.isEmpty {
            #expect(await bench.status(request.request) == .missingParameter)
            request.parameters = Self.map(entries)
        }
        #expect(await bench.status(request.request) == .missingParameter)
        request.pinUVAuthProtocol = 3
        #expect(await bench.status(request.request) == .invalidParameter)
        request.pinUVAuthProtocol = 2
        #expect(await bench.status(request.request) == .pinAuthInvalid)
        request.pinUVAuthParam = try await platform.token(.credentialManagement)
            .authenticate(request.authenticatedMessage)
        #expect(await bench.status(request.request) == .pinAuthInvalid)
        let token = try await platform.token(.bioEnrollment)
        request.pinUVAuthParam = token.authenticate(request.authenticatedMessage)
        #expect(await bench.status(request.request) == status)
        // No touch that a token might be good for: it stays.
        #expect(await bench.status(request.request) == status)
    }

    @Test("modality before subcommand, subcommand before proof")
    func numbers() async {
        let bench = Bench(.platform)
        for (modality, number, status) in [
            (nil, 1, .missingParameter), (1, nil, .missingParameter), (2, 0x77, .invalidParameter),
            (0, 1, .invalidParameter), (1, 0, .invalidSubcommand), (1, 8, .invalidSubcommand),
            (1, .max, .invalidSubcommand), (1, 1, .puatRequired), (1, 3, .success), (1, 7, .success),
        ] as [(UInt64?, UInt64?, CTAPStatus)] {
            #expect(await bench.status(BioEnrollmentRequest(modality: modality, number).request) == status)
        }
        // Whoever asks for the modality need not say anything else.
        var request = BioEnrollmentRequest(modality: nil, nil)
        request.asksModality = false
        #expect(await bench.status(request.request) == .missingParameter)
    }

    @Test("§6.7.7 setFriendlyName: a name that is too long is refused before the proof is looked at")
    func longName() async {
        for (count, status) in [(64, CTAPStatus.puatRequired), (65, .invalidLength)] {
            var request = BioEnrollmentRequest(5)
            request.parameters = Self.map([Self.unknown, (2, .text(String(repeating: "x", count: count)))])
            #expect(await Bench(.platform).status(request.request) == status)
        }
    }

    /// Sends a subcommand with a good proof.
    private func send(
        _ number: UInt64, _ entries: [(Int, CBORValue)] = [], _ platform: PINPlatform, _ token: PINUVAuthToken
    ) async -> CTAPResponse {
        var request = BioEnrollmentRequest(number, parameters: Self.map(entries))
        request.pinUVAuthProtocol = 2
        request.pinUVAuthParam = token.authenticate(request.authenticatedMessage)
        return await platform.bench.respond(request.request)
    }

    @Test("§6.7.4: no finger in the platform's time, or in the authenticator's, is a sample without user activity")
    func noFinger() async throws {
        for (wanted, seconds) in [(5000, 5), (60_000, 30), (nil, 30)] as [(UInt64?, Int)] {
            let platform = try await PINTests.platform(.platform, gate: WaitingGate())
            let token = try await platform.token(.bioEnrollment)
            let entries: [(Int, CBORValue)] = wanted.map { [(3, .unsigned($0))] } ?? []
            async let answer = send(1, entries, platform, token)
            await platform.bench.clock.sleepers(1)
            platform.bench.clock.advance(by: .seconds(seconds))
            let response = await answer
            #expect(response.status == .success)
            let sample = try BioEnrollmentResponse(data: response.data)
            #expect([sample.lastSampleStatus, sample.remainingSamples] == [0x0D, 4])
        }
    }

    @Test("§6.7.4: CTAPHID_CANCEL ends the wait for a finger")
    func cancelled() async throws {
        let gate = WaitingGate()
        let platform = try await PINTests.platform(.platform, gate: gate)
        let token = try await platform.token(.bioEnrollment)
        let response = await withTaskGroup(of: CTAPResponse.self) { group in
            group.addTask { await send(1, [], platform, token) }
            _ = await gate.nextCall()
            group.cancelAll()
            return await group.next()
        }
        #expect(response == CTAPResponse(.keepaliveCancel))
    }

    @Test(
        "every status of a sample but a good one leaves as many to do",
        arguments: SampleStatus.allCases.filter { $0 != .good })
    func badSamples(status: SampleStatus) async throws {
        let gate = RecordingGate(.sample(status, finger: ""))
        let platform = try await PINTests.platform(.platform, gate: gate)
        let token = try await platform.token(.bioEnrollment)
        let begun = try BioEnrollmentResponse(data: await send(1, [], platform, token).data)
        #expect([begun.lastSampleStatus, begun.remainingSamples] == [status.rawValue, 4])
        let id = try #require(begun.templateID)
        let next = try BioEnrollmentResponse(data: await send(2, [(1, .bytes(id))], platform, token).data)
        #expect([next.lastSampleStatus, next.remainingSamples] == [status.rawValue, 4])
        #expect(next.templateID == nil)
    }

    @Test("§6.7.8: with the last finger bioEnroll and uv become false, with the first they are true again")
    func lastFinger() async throws {
        let platform = try await PINTests.platform(.platform)
        let token = try await platform.token(.bioEnrollment)
        let list = try BioEnrollmentResponse(data: await send(4, [], platform, token).data)
        for template in try #require(list.templates) {
            #expect(await send(6, [(1, .bytes(template.id))], platform, token) == CTAPResponse(.success))
        }
        func options() async throws -> [Bool?] {
            let options = try await platform.bench.client.getInfo().options
            return [options["bioEnroll"], options["uv"]]
        }
        #expect(try await options() == [false, false])
        #expect(await send(4, [], platform, token).status == .invalidOption)
        let begun = try BioEnrollmentResponse(data: await send(1, [], platform, token).data)
        let id = try #require(begun.templateID)
        for remaining in [2, 1, 0] as [UInt64] {
            #expect(try await options() == [false, false])
            let next = try BioEnrollmentResponse(data: await send(2, [(1, .bytes(id))], platform, token).data)
            #expect(next.remainingSamples == remaining)
        }
        #expect(try await options() == [true, true])
    }
}
