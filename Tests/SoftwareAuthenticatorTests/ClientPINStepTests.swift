import CBOR
import CTAP
import SoftwareAuthenticator
import TestSupport
import Testing

/// The steps of each subcommand in their order: everything is wrong with a request at first, and the earliest complaint is
/// answered; that is mended, and the next one is.
@Suite("authenticatorClientPIN, step by step (§6.5.5)", .timeLimit(.minutes(2))) struct ClientPINStepTests {
    /// A platform and its request, which gets better and better.
    struct Walk {
        let gate = RecordingGate()
        let platform: PINPlatform
        let pin: StoredPIN?
        var subcommand: ClientPINSubcommand
        var isComplete = false
        var protocolNumber: UInt64 = 3
        var permissions: UInt64?
        var relyingPartyID: String?
        var isOnCurve = false
        var isAuthentic = false
        /// What is encrypted as newPinEnc; `nil` for what cannot be decrypted.
        var newPIN: [UInt8]?
        /// The PIN whose hash is encrypted as pinHashEnc; `nil` for what cannot be decrypted.
        var oldPIN: String?

        /// At an authenticator that has a PIN, 1234, and is latched.
        init(_ subcommand: ClientPINSubcommand) async throws {
            self.subcommand = subcommand
            platform = PINPlatform(bench: Bench(.platform, gate: gate))
            try await platform.setUsualPIN()
            pin = platform.bench.store.state()?.pin
            for _ in 1...3 { _ = try await platform.tokenStatus("0000", nil) }
        }

        func edit(_ change: @escaping @Sendable (inout AuthenticatorState) -> Void) throws {
            var generator = SeededGenerator(seed: 9)
            let new = AuthenticatorState(templates: [], using: &generator)
            _ = try platform.bench.store.updateState(orBeginningWith: new, change)
        }

        func status() async throws -> CTAPStatus {
            let (key, secret) = try await platform.agree()
            var generator = SystemRandomNumberGenerator()
            var request = ClientPINRequest(subcommand, pinUVAuthProtocol: protocolNumber)
            request.permissions = permissions
            request.relyingPartyID = relyingPartyID
            guard isComplete else { return await platform.bench.status(request.request) }
            request.keyAgreement = key.ctap.map
            if !isOnCurve { request.keyAgreement?[-3] = .bytes([UInt8](repeating: 1, count: 32)) }
            let undecryptable = [UInt8](repeating: 7, count: 15)
            let new = try newPIN.map { try secret.encrypt($0, using: &generator) } ?? undecryptable
            let old = try oldPIN.map { try secret.encrypt(PINPlatform.hash($0), using: &generator) } ?? undecryptable
            switch subcommand {
            case .setPIN: (request.newPINEncrypted, request.pinUVAuthParam) = (new, secret.authenticate(new))
            case .changePIN:
                (request.newPINEncrypted, request.pinHashEncrypted) = (new, old)
                request.pinUVAuthParam = secret.authenticate(new + old)
            case .getTokenUsingUV: break
            default: request.pinHashEncrypted = old
            }
            if !isAuthentic { request.pinUVAuthParam?[0] ^= 1 }
            return await platform.bench.status(request.request)
        }
    }

    struct Step: Sendable {
        let name: String
        let status: CTAPStatus
        /// How many PINs may still be tried afterwards.
        let retries: Int?
        let mend: @Sendable (inout Walk) async throws -> Void

        init(
            _ name: String, _ status: CTAPStatus, retries: Int? = nil,
            _ mend: @escaping @Sendable (inout Walk) async throws -> Void
        ) {
            (self.name, self.status, self.retries, self.mend) = (name, status, retries, mend)
        }
    }

    struct Ladder: CustomTestStringConvertible, Sendable {
        let name: String
        let subcommand: ClientPINSubcommand
        let prepare: @Sendable (inout Walk) async throws -> Void
        let steps: [Step]

        var testDescription: String { name }
    }

    private static let missing = Step("mandatory parameters", .missingParameter) { $0.isComplete = true }
    private static let unsupported = Step("pinUvAuthProtocol", .invalidParameter) { $0.protocolNumber = 2 }
    private static let decapsulation = Step("decapsulate", .invalidParameter) { $0.isOnCurve = true }
    private static let authentication = Step("verify", .pinAuthInvalid, retries: 5) { $0.isAuthentic = true }

    /// From the protocol to the relying party.
    private static let permissions = [
        unsupported, Step("permissions are 0", .invalidParameter) { $0.permissions = 0x41 },
        Step("permissions that are not granted", .unauthorizedPermission) { $0.permissions = 0x03 },
        Step("rpId", .missingParameter) { $0.relyingPartyID = "a" },
    ]

    /// That there is a PIN, and that it may be tried.
    private static let usable = [
        Step("clientPin", .pinNotSet) { walk in
            let pin = walk.pin
            try walk.edit { $0.pin = pin }
        },
        Step("pinRetries is 0, latch or not", .pinBlocked, retries: 0) { walk in try walk.edit { $0.pinRetries = 5 } },
        Step("three consecutive mismatches", .pinAuthBlocked, retries: 5) { walk in
            await walk.platform.bench.authenticator.powerCycle()
        },
    ]

    /// From the decryption of pinHashEnc on: each attempt costs one retry.
    private static func comparison(forcesChange: Bool) -> [Step] {
        [
            Step("decrypt pinHashEnc", .pinInvalid, retries: 4) { $0.oldPIN = "0000" },
            Step("compare pinHashEnc", .pinInvalid, retries: 3) { walk in
                walk.oldPIN = "1234"
                try walk.edit { $0.forcesPINChange = forcesChange }
            },
        ]
    }

    private static func forcedChange(_ status: CTAPStatus) -> Step {
        Step("forcePINChange", status, retries: 8) { walk in try walk.edit { $0.forcesPINChange = false } }
    }

    /// From the decryption of newPinEnc on.
    private static func newPIN(retries: Int) -> [Step] {
        [
            Step("decrypt newPinEnc", .pinAuthInvalid, retries: retries) {
                $0.newPIN = PINPlatform.padded(Array("123".utf8), to: 48)
            },
            Step("64 bytes", .invalidParameter, retries: retries) {
                $0.newPIN = PINPlatform.padded(Array("123".utf8))
            },
            Step("minPINLength", .pinPolicyViolation, retries: retries) {
                $0.newPIN = [UInt8](repeating: 0x31, count: 64)
            },
            Step("63 bytes", .pinPolicyViolation, retries: retries) { walk in
                walk.newPIN = PINPlatform.padded(Array("2345".utf8))
                try walk.edit { $0.enforcesPINComplexity = true }
            },
            Step("complexity", .pinPolicyViolation, retries: retries) {
                $0.newPIN = PINPlatform.padded(Array("2580".utf8))
            },
        ]
    }

    @Sendable private static func loseEverything(_ walk: inout Walk) async throws {
        try walk.edit { ($0.pin, $0.pinRetries) = (nil, 0) }
    }

    static let ladders = [
        Ladder(
            name: "§6.5.5.5 setPIN", subcommand: .setPIN, prepare: { _ in },
            steps: [
                [
                    missing, unsupported,
                    Step("a PIN is set", .pinAuthInvalid) { walk in try walk.edit { $0.pin = nil } }, decapsulation,
                    authentication,
                ], newPIN(retries: 5),
            ].flatMap { $0 }),
        Ladder(
            name: "§6.5.5.6 changePIN", subcommand: .changePIN, prepare: loseEverything,
            steps: [
                [missing, unsupported], usable, [decapsulation, authentication], comparison(forcesChange: false),
                newPIN(retries: 8),
                [
                    Step("all is well", .success, retries: 8) { walk in
                        walk.oldPIN = "2580"
                        try walk.edit { $0.forcesPINChange = true }
                    },
                    Step("the same PIN under forcePINChange", .pinPolicyViolation, retries: 8) {
                        $0.newPIN = PINPlatform.padded(Array("1397".utf8))
                    },
                ],
            ].flatMap { $0 }),
        Ladder(
            name: "§6.5.5.7.1 getPinToken", subcommand: .getPINToken,
            prepare: { walk in
                try await loseEverything(&walk)
                (walk.permissions, walk.relyingPartyID) = (1, "a")
            },
            steps: [
                [
                    missing, unsupported, Step("permissions", .invalidParameter) { $0.permissions = nil },
                    Step("rpId", .invalidParameter) { $0.relyingPartyID = nil },
                ], usable, [decapsulation], comparison(forcesChange: true), [forcedChange(.pinInvalid)],
            ].flatMap { $0 }),
        Ladder(
            name: "§6.5.5.7.2 getPinUvAuthTokenUsingPinWithPermissions", subcommand: .getTokenUsingPIN,
            prepare: { walk in
                try await loseEverything(&walk)
                walk.permissions = 0
            },
            steps: [
                [missing], permissions, usable, [decapsulation], comparison(forcesChange: true),
                [forcedChange(.pinPolicyViolation)],
            ].flatMap { $0 }),
        Ladder(
            name: "§6.5.5.7.3 getPinUvAuthTokenUsingUvWithPermissions", subcommand: .getTokenUsingUV,
            prepare: { walk in
                walk.permissions = 0
                walk.gate.answer(.denied)
                try walk.edit { ($0.templates, $0.uvRetries, $0.pinRetries) = ([], 0, 0) }
            },
            steps: [missing] + permissions + [
                Step("uv is not configured", .notAllowed) { walk in
                    try walk.edit { $0.templates = [FingerprintTemplate(id: [1], finger: "thumb")] }
                },
                Step("uvRetries is 0", .uvBlocked) { walk in try walk.edit { $0.uvRetries = 5 } }, decapsulation,
                Step("§6.5.3.1 a PIN that is blocked blocks the reader", .uvBlocked) { walk in
                    #expect(walk.gate.requests.isEmpty)
                    #expect(walk.platform.bench.store.state()?.uvRetries == 0)
                    try walk.edit { ($0.uvRetries, $0.pinRetries) = (2, 8) }
                },
                Step("consent", .operationDenied) { $0.gate.answer(.timedOut) },
                Step("time", .userActionTimeout) { $0.gate.answer(.verificationFailed) },
                Step("uvRetries goes down", .uvInvalid) { walk in
                    #expect(walk.platform.bench.store.state()?.uvRetries == 1)
                },
                Step("uvRetries is 0 now", .uvBlocked) { walk in
                    #expect(walk.platform.bench.store.state()?.uvRetries == 0)
                    try walk.edit { $0.uvRetries = 1 }
                    walk.gate.answer(.approved)
                },
            ]),
    ]

    @Test("each step complains before the later ones, and costs a retry from the comparison on", arguments: ladders)
    func steps(ladder: Ladder) async throws {
        var walk = try await Walk(ladder.subcommand)
        try await ladder.prepare(&walk)
        for step in ladder.steps {
            #expect(try await walk.status() == step.status, "\(step.name)")
            if let retries = step.retries {
                #expect(walk.platform.bench.store.state()?.pinRetries == retries, "\(step.name)")
            }
            try await step.mend(&walk)
        }
        #expect(try await walk.status() == .success)
        #expect(walk.platform.bench.store.state()?.uvRetries == 5)
    }

    @Test("§6.5.5.6: a retry that is the last is the last, whether the latch falls with it or not")
    func lastRetry() async throws {
        let platform = try await PINTests.platform()
        for statuses in [
            [CTAPStatus.pinInvalid, .pinInvalid], [.pinInvalid, .pinInvalid, .pinAuthBlocked],
            [.pinInvalid, .pinInvalid, .pinBlocked, .pinBlocked],
        ] {
            for status in statuses { #expect(try await platform.tokenStatus("0000", nil) == status) }
            await platform.bench.authenticator.powerCycle()
        }
    }

    @Test("§6.5.5.6: a restart gives no retry back, and lifts the latch as the power does")
    func restart() async throws {
        let platform = try await PINTests.platform()
        for status in [CTAPStatus.pinInvalid, .pinInvalid, .pinAuthBlocked] {
            #expect(try await platform.tokenStatus("0000", nil) == status)
        }
        let restarted = PINPlatform(bench: Bench(.securityKey, store: platform.bench.store))
        let request = ClientPINRequest(.getPINRetries).request
        #expect(await platform.bench.respond(request).data.hex == "a2030504f5")
        #expect(await restarted.bench.respond(request).data.hex == "a10305")
        #expect(try await restarted.tokenStatus("1234", nil) == .success)
        #expect(platform.bench.store.state()?.pinRetries == 8)
    }

    @Test("§6.5.5.2, §6.5.5.3: the retries are told to everybody, with or without a protocol", arguments: [nil, 2, 9])
    func openSubcommands(number: UInt64?) async throws {
        let bench = Bench(.platform)
        let pin = await bench.respond(ClientPINRequest(.getPINRetries, pinUVAuthProtocol: number).request)
        #expect(pin.data.hex == "a10308")
        let uv = await bench.respond(ClientPINRequest(.getUVRetries, pinUVAuthProtocol: number).request)
        #expect(uv.data.hex == "a10505")
    }

    /// What ends tokens.
    enum Ending: CaseIterable {
        case otherProtocol, power, reset, setPIN, changePIN, forcedChange, shorterPIN, complexity, persistentToken
    }

    @Test("§6.5.2.1: what ends the tokens of both protocols", arguments: Ending.allCases, PINUVAuthProtocol.allCases)
    func ended(ending: Ending, version: PINUVAuthProtocol) async throws {
        let other = PINUVAuthProtocol.allCases.first { $0 != version } ?? version
        let hasPIN = ending != .setPIN
        let platform = try await PINTests.platform(.platform, version, hasPIN: hasPIN)
        let bench = platform.bench
        let token = try await platform.token(
            [.credentialManagement, .authenticatorConfiguration], hasPIN ? nil : .getTokenUsingUV)
        func isGood() async -> Bool {
            var request = CredentialManagementRequest(1, pinUVAuthProtocol: version.rawValue)
            request.pinUVAuthParam = token.authenticate(request.authenticatedMessage)
            return await bench.status(request.request) == .success
        }
        #expect(await isGood())
        switch ending {
        case .otherProtocol:
            _ = try await PINPlatform(bench: bench, version: other).token(.credentialManagement)
        case .power: await bench.authenticator.powerCycle()
        case .reset: #expect(await bench.status(CTAPRequest(.reset)) == .success)
        case .setPIN: try await platform.setUsualPIN()
        case .changePIN: #expect(await bench.status(try await platform.changePIN("1234", "5678").request) == .success)
        case .forcedChange: #expect(await bench.configure(3, [(3, true)], token) == .success)
        case .shorterPIN: #expect(await bench.configure(3, [(1, 5)], token) == .success)
        case .complexity: #expect(await bench.configure(3, [(4, true)], token) == .success)
        case .persistentToken: _ = try await platform.token(.persistentCredentialManagementReadOnly)
        }
        #expect(await !isGood())
        let forces: [Ending] = [.forcedChange, .shorterPIN, .complexity]
        #expect(try await bench.client.getInfo().forcesPINChange == forces.contains(ending))
    }
}
