import CBOR
import CTAP
import Crypto
import CryptoExtras
import Foundation
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

/// Each claim of authenticatorGetInfo (§6.4) beside what the authenticator does, for every model in ``Model/all``.
@Suite("getInfo is true (§6.4)", .timeLimit(.minutes(3))) struct GetInfoClaimTests {
    private static func extensions(_ name: String, _ input: CBORValue) -> CBORMap {
        var map = CBORMap()
        map[.text(name)] = input
        return map
    }

    /// Whether a reader verifies the user with nothing else there.
    private func verifies(_ info: AuthenticatorInfo) -> Bool { info.options["uv"] == true }

    @Test(
        "every member has a value that it may have, and none is there without what it belongs to", arguments: Model.all)
    func form(model: Model) async throws {
        let info = try await model.info()
        let options = info.options
        let known: Set<String> = [
            "plat", "rk", "clientPin", "up", "uv", "pinUvAuthToken", "noMcGaPermissionsWithClientPin", "largeBlobs",
            "ep",
            "bioEnroll", "userVerificationMgmtPreview", "uvBioEnroll", "authnrCfg", "uvAcfg", "credMgmt",
            "perCredMgmtRO", "credentialMgmtPreview", "setMinPINLength", "makeCredUvNotRqd", "alwaysUv",
        ]
        #expect(Set(options.keys).isSubset(of: known))
        for list in [info.versions, info.extensions, info.transports?.map(\.rawValue), info.transportsForReset] {
            #expect(list.map { Set($0).count == $0.count && !$0.isEmpty } ?? true)
        }
        #expect(Set(info.versions).isSubset(of: ["U2F_V2", "FIDO_2_0", "FIDO_2_1_PRE", "FIDO_2_1", "FIDO_2_3"]))
        #expect(!["largeBlob", "largeBlobKey"].allSatisfy { info.extensions?.contains($0) == true })
        #expect((options["largeBlobs"] == true) == (info.extensions?.contains("largeBlobKey") == true))
        #expect((info.maximumSerializedLargeBlobArray != nil) == (options["largeBlobs"] == true))
        #expect((info.maximumCredBlobLength != nil) == (info.extensions?.contains("credBlob") == true))
        #expect((options["setMinPINLength"] == true) == (info.maximumRelyingPartyIDsForMinimumPINLength != nil))
        for (option, other) in [
            ("uvBioEnroll", "bioEnroll"), ("uvAcfg", "authnrCfg"), ("setMinPINLength", "authnrCfg"),
            ("perCredMgmtRO", "credMgmt"), ("largeBlobs", "pinUvAuthToken"),
        ] where options[option] == true { #expect(options[other] != nil, "\(option)") }
        if options["clientPin"] == nil {
            #expect(
                [info.minimumPINLength, info.maximumPINLength] == [nil, nil] && info.forcesPINChange == nil
                    && info.hasPINComplexityPolicy == nil && options["pinUvAuthToken"] == nil)
        }
        if options["alwaysUv"] == true { #expect(options["makeCredUvNotRqd"] != true) }
        #expect(info.uvModality.map { $0 & 0x800 == 0 && $0 != 0 } ?? true)
        #expect((info.uvModality != nil) == (options["bioEnroll"] != nil))
        #expect(info.preferredPlatformUVAttempts.map { $0 > 0 } ?? true)
        if info.versions.contains("FIDO_2_3") {
            #expect(info.pinUVAuthProtocols?.contains(2) == true && options["pinUvAuthToken"] == true)
            #expect(
                info.extensions?.contains("hmac-secret") == true && info.extensions?.contains("credProtect") == true)
            #expect(info.configCommands?.isEmpty == false)
        }
        #expect(info.attestationFormats?.contains("none") != true)
        // A reset is possible where it can be reached, and not by whoever scans a QR code.
        let reachable = Set(info.transports?.map(\.rawValue) ?? [])
        #expect(info.transportsForReset.map { reachable.isSuperset(of: $0) && !$0.contains("hybrid") } ?? true)
    }

    @Test(
        "versions: CTAP1 and the commands of the preview are there exactly when they are listed", arguments: Model.all)
    func versions(model: Model) async throws {
        let info = try await model.info()
        let bench = model.bench()
        let answer = await bench.authenticator.respond(toAPDU: [0, 3, 0, 0, 0, 0, 0], in: CTAPRequestContext())
        #expect((answer == Array("U2F_V2".utf8) + [0x90, 0x00]) == info.versions.contains("U2F_V2"))
        let hasPreview = info.versions.contains("FIDO_2_1_PRE")
        #expect((info.options["credentialMgmtPreview"] == true) == hasPreview)
        let preview = await bench.status(.credentialManagementPreview, subcommand: 1)
        #expect((preview != .invalidCommand) == hasPreview)
        let fingers = await bench.status(.bioEnrollmentPreview, subcommand: 7)
        #expect((fingers != .invalidCommand) == (info.options["userVerificationMgmtPreview"] != nil))
        #expect(hasPreview || info.options["userVerificationMgmtPreview"] == nil)
    }

    @Test("commands are there exactly when an option says so", arguments: Model.all)
    func commands(model: Model) async throws {
        let options = try await model.info().options
        let bench = model.bench()
        for (command, option) in [
            (CTAPCommand.credentialManagement, "credMgmt"), (.bioEnrollment, "bioEnroll"), (.config, "authnrCfg"),
            (.largeBlobs, "largeBlobs"),
        ] {
            let status = await bench.status(command, subcommand: 0x7E)
            #expect((status == .invalidCommand) == (options[option] == nil), "\(command)")
        }
        for command in [CTAPCommand.selection, .reset] { #expect(await bench.status(CTAPRequest(command)) == .success) }
        #expect(await bench.status(CTAPRequest(.getNextAssertion)) == .notAllowed)
    }

    @Test(
        "rk, up, plat: credentials are found without their IDs, presence is tested, and it is part of the device or not",
        arguments: Model.all)
    func presence(model: Model) async throws {
        let gate = RecordingGate()
        let bench = model.bench(gate: gate)
        let info = try await bench.client.getInfo()
        #expect(info.options["rk"] == true && info.options["up"] == true)
        let made = try await bench.register(
            Bench.registration(discoverable: true, userVerification: verifies(info) ? true : nil))
        #expect(made.data.flags.contains(.userPresent))
        #expect(made.data.attestedCredentialData?.aaguid == info.aaguid)
        #expect(made.data.flags.contains(.userVerified) == verifies(info))
        #expect(try await bench.assertion(Bench.authentication()).credential?.id.bytes == made.id)
        #expect(gate.requests.count == 2)
        #expect((info.options["plat"] == true) == (info.transports == [.internal]))
        // uv: what cannot verify refuses to.
        if !verifies(info) {
            #expect(await bench.status(Bench.registration(userVerification: true).request) == .invalidOption)
            #expect(await bench.status(Bench.authentication(userVerification: true).request) == .invalidOption)
        }
    }

    /// Inputs of each extension with a registration, and with an assertion.
    private static let inputs: [(name: String, registration: CBORValue?, assertion: CBORValue?)] = [
        ("credProtect", 2, nil), ("credBlob", .bytes([1]), true), ("hmac-secret", true, nil),
        ("largeBlobKey", true, true),
        ("largeBlob", ["support": "preferred"], nil), ("minPinLength", true, nil), ("pinComplexityPolicy", true, nil),
        ("thirdPartyPayment", true, true), ("uvm", true, true), ("prf", [:], nil),
    ]

    @Test("extensions: each that is listed has an effect, and no other has", arguments: Model.all)
    func extensions(model: Model) async throws {
        let info = try await model.info()
        let listed = Set(info.extensions ?? [])
        #expect(listed.isSubset(of: Self.inputs.map(\.name) + ["hmac-secret-mc"]))
        for (name, input, assertionInput) in Self.inputs {
            let bench = model.bench()
            if info.options["setMinPINLength"] == true {
                // Who may know of PINs has to be on a list.
                let token = verifies(info) ? try await bench.token(.authenticatorConfiguration) : nil
                #expect(await bench.configure(3, [(2, [.text(Bench.relyingPartyID)])], token) == .success)
            }
            var request = Bench.registration(
                discoverable: true,
                userVerification: try await bench.client.getInfo().options["uv"] == true ? true : nil)
            if let input { request.extensions = Self.extensions(name, input) }
            let made = try await bench.register(request)
            var isThere = hasOutput(
                name, made.response, try AuthenticatorData(decoding: made.response.authenticatorData))
            if let assertionInput {
                var login = Bench.authentication()
                login.extensions = Self.extensions(name, assertionInput)
                let assertion = try await bench.assertion(login)
                let data = try AuthenticatorData(decoding: assertion.authenticatorData)
                isThere =
                    isThere || data.extensions?[.text(name)] != nil
                    || (name == "largeBlobKey" && assertion.largeBlobKey != nil)
            }
            #expect(isThere == listed.contains(name), "\(name)")
        }
    }

    private func hasOutput(_ name: String, _ response: MakeCredentialResponse, _ data: AuthenticatorData) -> Bool {
        data.extensions?[.text(name)] != nil || response.unsignedExtensionOutputs?[.text(name)] != nil
            || (name == "largeBlobKey" && response.largeBlobKey != nil)
    }

    @Test("hmac-secret and hmac-secret-mc: the function is evaluated where it is listed", arguments: Model.all)
    func pseudoRandomFunction(model: Model) async throws {
        let info = try await model.info()
        guard info.extensions?.contains("hmac-secret") == true else {
            #expect(info.pinUVAuthProtocols == nil && info.extensions?.contains("hmac-secret-mc") != true)
            return
        }
        for version in PINUVAuthProtocol.allCases where info.pinUVAuthProtocols?.contains(version.rawValue) == true {
            let bench = model.bench()
            var platform = try await PRFPlatform(bench, version)
            let salts = try #require(PRFValues(first: [UInt8](repeating: 1, count: 32)))
            var request = Bench.registration(discoverable: true, userVerification: verifies(info) ? true : nil)
            request.extensions = Self.extensions("hmac-secret", true)
            request.extensions?["hmac-secret-mc"] = try platform.input(salts).ctap
            let made = try await bench.register(request)
            let atOnce = made.data.extensions?["hmac-secret-mc"]?.bytes
            #expect((atOnce != nil) == (info.extensions?.contains("hmac-secret-mc") == true))
            var login = Bench.authentication(userVerification: verifies(info) ? true : nil)
            login.extensions = Self.extensions("hmac-secret", try platform.input(salts).ctap)
            let results = try platform.results(try await bench.assertion(login))
            if let atOnce { #expect(try platform.sharedSecret.decrypt(atOnce) == results.concatenated) }
        }
    }

    @Test("PIN/UV auth protocols: those that are listed agree on a secret, others do not", arguments: Model.all)
    func protocols(model: Model) async throws {
        let listed = try await model.info().pinUVAuthProtocols ?? []
        for number in 0...3 as ClosedRange<UInt64> {
            let request = ClientPINRequest(.getKeyAgreement, pinUVAuthProtocol: number).request
            let expected: CTAPStatus =
                listed.contains(number) ? .success : listed.isEmpty ? .invalidCommand : .invalidParameter
            #expect(await model.bench().status(request) == expected, "\(number)")
        }
    }

    @Test(
        "clientPin, minPINLength, maxPINLength: PINs of these lengths can be set, and of no other", arguments: Model.all
    )
    func pins(model: Model) async throws {
        let info = try await model.info()
        guard let isSet = info.options["clientPin"] else {
            guard info.pinUVAuthProtocols != nil else { return }
            let platform = PINPlatform(bench: model.bench())
            let request = try await platform.setPIN(PINPlatform.padded(Array("1234".utf8)))
            #expect(await platform.bench.status(request.request) == .invalidSubcommand)
            return
        }
        #expect(!isSet)
        let lengths = [
            (Int(info.minimumPINLength ?? 4) - 1, false), (Int(info.minimumPINLength ?? 4), true),
            (Int(info.maximumPINLength ?? 63), true), (Int(info.maximumPINLength ?? 63) + 1, false),
        ]
        for (count, isAllowed) in lengths {
            let platform = PINPlatform(bench: model.bench())
            let request = try await platform.setPIN(PINPlatform.padded([UInt8](repeating: 0x37, count: count)))
            #expect(await platform.bench.status(request.request) == (isAllowed ? .success : .pinPolicyViolation))
            #expect(try await platform.bench.client.getInfo().options["clientPin"] == isAllowed)
        }
    }

    @Test(
        "pinUvAuthToken and permissions: those that options speak of are granted, the others are not",
        arguments: Model.all)
    func permissions(model: Model) async throws {
        let options = try await model.info().options
        guard options["clientPin"] != nil else { return }
        let platform = PINPlatform(bench: model.bench())
        try await platform.setUsualPIN()
        let all: [(PINUVAuthPermissions, Bool, byVerification: Bool)] = [
            (.makeCredential, options["noMcGaPermissionsWithClientPin"] != true, true),
            (.getAssertion, options["noMcGaPermissionsWithClientPin"] != true, true),
            (.credentialManagement, options["credMgmt"] == true, options["credMgmt"] == true),
            (.bioEnrollment, options["bioEnroll"] != nil, options["uvBioEnroll"] == true),
            (.largeBlobWrite, options["largeBlobs"] == true, options["largeBlobs"] == true),
            (.authenticatorConfiguration, options["authnrCfg"] == true, options["uvAcfg"] == true),
            (
                .persistentCredentialManagementReadOnly, options["perCredMgmtRO"] == true,
                options["perCredMgmtRO"] == true
            ),
        ]
        for (permission, isGranted, byVerification) in all {
            for subcommand in [ClientPINSubcommand.getTokenUsingPIN, .getTokenUsingUV] {
                let isPIN = subcommand == .getTokenUsingPIN
                let status = try await platform.tokenStatus("1234", permission, relyingPartyID: "a", subcommand)
                guard options["pinUvAuthToken"] == true else {
                    #expect(status == .invalidSubcommand)
                    continue
                }
                let isPossible = isPIN || options["uv"] == true
                let expected: CTAPStatus =
                    (isPIN ? isGranted : byVerification)
                    ? (isPossible ? .success : .notAllowed) : .unauthorizedPermission
                // Without a reader there is nothing to tell, whatever the permission.
                if !isPIN, options["uv"] == nil { #expect(status != .success); continue }
                #expect(status == expected, "\(permission) \(subcommand)")
            }
        }
    }

    @Test(
        "makeCredUvNotRqd and alwaysUv: what needs no verification, and what does once it is switched on",
        arguments: Model.all)
    func verificationPolicy(model: Model) async throws {
        let info = try await model.info()
        guard info.options["clientPin"] != nil else { return }
        let platform = PINPlatform(bench: model.bench())
        try await platform.setUsualPIN()
        let waives = info.options["makeCredUvNotRqd"] == true
        #expect(await platform.bench.status(Bench.registration().request) == (waives ? .success : .puatRequired))
        #expect(await platform.bench.status(Bench.registration(discoverable: true).request) == .puatRequired)
        guard info.options["alwaysUv"] != nil else { return }
        let token = try await platform.token(.authenticatorConfiguration)
        #expect(await platform.bench.configure(2, [], token) == .success)
        let now = try await platform.bench.client.getInfo()
        #expect(now.options["alwaysUv"] == true && now.options["makeCredUvNotRqd"] == false)
        #expect(!now.versions.contains("U2F_V2"))
        #expect(
            await platform.bench.status(Bench.registration().request)
                == (now.options["uv"] == true ? .success : .puatRequired))
    }

    @Test("limits: of lists, of messages, of blobs; one more is refused", arguments: Model.all)
    func limits(model: Model) async throws {
        let info = try await model.info()
        let bench = model.bench()
        let list = Int(try #require(info.maximumCredentialCountInList))
        for (count, expected) in [(list, CTAPStatus.noCredentials), (list + 1, .limitExceeded)] {
            let ids = (0..<count).map { [UInt8($0)] }
            #expect(await bench.status(Bench.authentication(allowList: ids).request) == expected)
        }
        let message = Int(try #require(info.maximumMessageSize))
        for (count, expected) in [(message - 1, CTAPStatus.success), (message, .requestTooLarge)] {
            let request = CTAPRequest(.getInfo, parameters: [UInt8](repeating: 0, count: count))
            #expect(await bench.status(request) == expected)
        }
        let longest = try await bench.register(
            Bench.registration(algorithms: [.es512], userVerification: verifies(info) ? true : nil))
        #expect(longest.id.count <= Int(try #require(info.maximumCredentialIDLength)))
        if let blob = info.maximumCredBlobLength {
            for count in [Int(blob), Int(blob) + 1] {
                var request = Bench.registration(
                    discoverable: true, userVerification: verifies(info) ? true : nil)
                request.extensions = Self.extensions("credBlob", .bytes([UInt8](repeating: 1, count: count)))
                let isKept = try await bench.register(request).data.extensions?["credBlob"]
                #expect(isKept == .boolean(count == Int(blob)))
            }
        }
        if let array = info.maximumSerializedLargeBlobArray {
            for (length, expected) in [(array, CTAPStatus.success), (array + 1, .largeBlobStorageFull)] {
                var request = LargeBlobsRequest(set: [1], offset: 0, length: length)
                if verifies(info) {
                    let token = try await bench.token(.largeBlobWrite)
                    request.pinUVAuthProtocol = 2
                    request.pinUVAuthParam = token.authenticate(request.authenticatedMessage)
                }
                #expect(await bench.status(request.request) == expected)
            }
        }
    }

    @Test(
        "maxRPIDsForSetMinPINLength, forcePINChange, longTouchForReset, pinComplexityPolicy, config commands",
        arguments: Model.all)
    func settings(model: Model) async throws {
        let info = try await model.info()
        guard info.options["authnrCfg"] == true else { return }
        #expect(info.configCommands.map { Set($0).isSubset(of: [1, 2, 3, 4]) } ?? true)
        func configured(_ number: UInt64, _ entries: [(Int, CBORValue)] = []) async throws -> (
            CTAPStatus, AuthenticatorInfo
        ) {
            let bench = model.bench()
            let status = await bench.configure(number, entries, try await bench.token(.authenticatorConfiguration))
            return (status, try await bench.client.getInfo())
        }
        for number in 0...5 as ClosedRange<UInt64> {
            let (status, _) = try await configured(number)
            let isListed = info.configCommands.map { $0.contains(number) } ?? [2, 3].contains(number)
            #expect(status == (isListed ? .success : .invalidSubcommand), "\(number)")
        }
        let limit = Int(try #require(info.maximumRelyingPartyIDsForMinimumPINLength))
        for (count, expected) in [(limit, CTAPStatus.success), (limit + 1, .keyStoreFull)] {
            #expect(try await configured(3, [(2, .array((0..<count).map { .text("\($0)") }))]).0 == expected)
        }
        #expect(info.forcesPINChange == false)
        #expect(try await configured(3, [(3, true)]).1.forcesPINChange == true)
        #expect(try await configured(3, [(1, 6)]).1.minimumPINLength == 6)
        if let policy = info.hasPINComplexityPolicy {
            #expect(!policy)
            #expect(try await configured(3, [(4, true)]).1.hasPINComplexityPolicy == true)
        }
        if let longTouch = info.needsLongTouchForReset {
            #expect(!longTouch)
            #expect(try await configured(4).1.needsLongTouchForReset == true)
        }
    }

    @Test("remainingDiscoverableCredentials: so many more fit, and not one more", arguments: Model.all)
    func remaining(model: Model) async throws {
        let bench = model.bench(store: MemoryCredentialStore(capacity: 2))
        let verifies = try await bench.client.getInfo().options["uv"] == true
        for number in 0...2 as ClosedRange<UInt8> {
            let remaining = try await bench.client.getInfo().remainingDiscoverableCredentials
            if let remaining { #expect(remaining == UInt64(2 - number)) }
            let request = Bench.registration(
                user: [number], discoverable: true, userVerification: verifies ? true : nil)
            #expect(await bench.status(request.request) == (number < 2 ? .success : .keyStoreFull))
        }
    }

    @Test("algorithms: each that is listed makes credentials, and no other does", arguments: Model.all)
    func algorithms(model: Model) async throws {
        let info = try await model.info()
        let listed = try #require(info.algorithms).map(\.alg)
        #expect(Set(listed).count == listed.count && !listed.isEmpty)
        for number in [
            -7, -8, -9, -35, -36, -37, -38, -39, -47, -48, -49, -50, -51, -52, -53, -257, -258, -259, -65535, 0, 7,
        ] {
            let algorithm = COSEAlgorithm(rawValue: number)
            let request = Bench.registration(
                algorithms: [algorithm], userVerification: verifies(info) ? true : nil)
            guard listed.contains(algorithm) else {
                #expect(await model.bench().status(request.request) == .unsupportedAlgorithm, "\(number)")
                continue
            }
            #expect(try await model.bench().register(request).publicKey.algorithm == algorithm)
        }
    }

    @Test("attestationFormats: what is listed is made, and what is preferred of it", arguments: Model.all)
    func attestation(model: Model) async throws {
        let info = try await model.info()
        let verification: Bool? = verifies(info) ? true : nil
        let plain = Bench.registration(userVerification: verification)
        let usual = try await model.bench().register(plain).response.format
        #expect(model.flavour == .phone ? usual == .none : usual == .packed)
        for format in info.attestationFormats ?? [] {
            var request = plain
            request.attestationFormatsPreference = [format, "tpm"]
            #expect(try await model.bench().register(request).response.format.rawValue == format)
        }
        #expect(usual == .none || info.attestationFormats?.contains(usual.rawValue) ?? true)
    }

    @Test("ep: enterprise attestation is possible exactly where it is listed", arguments: Model.all)
    func enterprise(model: Model) async throws {
        var generator = SeededGenerator(seed: 8)
        let identity = try AttestationIdentity(
            aaguid: model.flavour.aaguid, validFrom: Date(timeIntervalSince1970: 1_767_225_600), using: &generator)
        for given in [identity, nil] {
            let bench = model.bench(enterpriseIdentity: given)
            let info = try await bench.client.getInfo()
            #expect((info.options["ep"] != nil) == (given != nil && info.options["authnrCfg"] == true))
            guard info.options["authnrCfg"] == true else { continue }
            let status = await bench.configure(1, [], try await bench.token(.authenticatorConfiguration))
            #expect((status == .success) == (info.options["ep"] != nil))
            #expect(try await bench.client.getInfo().options["ep"] == (given == nil ? nil : true))
        }
    }

    @Test("bioEnroll: says whether a finger is enrolled, and uv whether somebody can be verified", arguments: Model.all)
    func fingers(model: Model) async throws {
        let bench = model.bench()
        guard let isEnrolled = try await bench.client.getInfo().options["bioEnroll"] else { return }
        #expect(isEnrolled)
        #expect(await bench.status(CTAPRequest(.reset)) == .success)
        let info = try await bench.client.getInfo()
        #expect(info.options["bioEnroll"] == false && info.options["uv"] == false)
        #expect(await bench.status(Bench.registration(userVerification: true).request) == .invalidOption)
    }

    @Test("encIdentifier and encCredStoreState: whoever holds the persistent token reads them", arguments: Model.all)
    func encrypted(model: Model) async throws {
        let bench = model.bench()
        let info = try await bench.client.getInfo()
        #expect((info.encryptedIdentifier != nil) == (info.options["perCredMgmtRO"] == true))
        #expect((info.encryptedCredentialStoreState != nil) == (info.options["perCredMgmtRO"] == true))
        guard info.options["perCredMgmtRO"] == true else { return }
        let token = try await bench.token(.persistentCredentialManagementReadOnly)
        func read() async throws -> (identifier: [UInt8], state: [UInt8]) {
            let info = try await bench.client.getInfo()
            return (
                try decrypt(try #require(info.encryptedIdentifier), "encIdentifier", token),
                try decrypt(try #require(info.encryptedCredentialStoreState), "encCredStoreState", token)
            )
        }
        let (first, again) = (try await read(), try await read())
        #expect(first == again)
        // Nobody else can tell that they are the same.
        #expect(try await bench.client.getInfo().encryptedIdentifier != bench.client.getInfo().encryptedIdentifier)
        try bench.store.save(
            CredentialSource(
                id: [1], relyingPartyID: "a", userHandle: [1],
                privateKey: try CredentialPrivateKey(
                    algorithm: .es256, rawRepresentation: SecretBytes([UInt8](repeating: 1, count: 32))),
                isDiscoverable: true))
        let changed = try await read()
        #expect(changed.identifier == first.identifier && changed.state != first.state)
    }

    private func decrypt(_ member: [UInt8], _ purpose: String, _ token: PINUVAuthToken) throws -> [UInt8] {
        let key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: token.exposeSecret()), salt: [UInt8](repeating: 0, count: 32),
            info: Array(purpose.utf8), outputByteCount: 16)
        let vector = try AES._CBC.IV(ivBytes: Array(member.prefix(16)))
        return Array(try AES._CBC.decrypt(Array(member.dropFirst(16)), using: key, iv: vector, noPadding: true))
    }

    @Test("transportsForReset: where a reset is possible, and where it is not", arguments: Model.all)
    func reset(model: Model) async throws {
        let reset = CTAPRequest(.reset)
        #expect(await model.bench().status(reset, transport: .hid(channel: 1)) == .success)
        #expect(await model.bench().status(reset, transport: .hybrid(session: 1)) == .operationDenied)
        let late = model.bench()
        late.clock.advance(by: .seconds(11))
        #expect(await late.status(reset, transport: .hid(channel: 1)) == .notAllowed)
    }
}
