import CBOR
import CTAP
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

/// Each claim of authenticatorGetInfo (§6.4) beside what the authenticator does, for every model in ``Model/all``; the
/// `GetInfo…ClaimTests` beside it have the rest of them.
@Suite("getInfo is true: members, commands, limits (§6.4)", .timeLimit(.minutes(3))) struct GetInfoClaimTests {
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
            Bench.registration(discoverable: true, userVerification: info.verifiesUser ? true : nil))
        #expect(made.data.flags.contains(.userPresent))
        #expect(made.data.attestedCredentialData?.aaguid == info.aaguid)
        #expect(made.data.flags.contains(.userVerified) == info.verifiesUser)
        #expect(try await bench.assertion(Bench.authentication()).credential?.id.bytes == made.id)
        #expect(gate.requests.count == 2)
        #expect((info.options["plat"] == true) == (info.transports == [.internal]))
        // uv: what cannot verify refuses to.
        if !info.verifiesUser {
            #expect(await bench.status(Bench.registration(userVerification: true).request) == .invalidOption)
            #expect(await bench.status(Bench.authentication(userVerification: true).request) == .invalidOption)
        }
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
            Bench.registration(algorithms: [.es512], userVerification: info.verifiesUser ? true : nil))
        #expect(longest.id.count <= Int(try #require(info.maximumCredentialIDLength)))
        if let blob = info.maximumCredBlobLength {
            for count in [Int(blob), Int(blob) + 1] {
                var request = Bench.registration(
                    discoverable: true, userVerification: info.verifiesUser ? true : nil)
                request.extensions = Bench.extensions("credBlob", .bytes([UInt8](repeating: 1, count: count)))
                let isKept = try await bench.register(request).data.extensions?["credBlob"]
                #expect(isKept == .boolean(count == Int(blob)))
            }
        }
        if let array = info.maximumSerializedLargeBlobArray {
            for (length, expected) in [(array, CTAPStatus.success), (array + 1, .largeBlobStorageFull)] {
                var request = LargeBlobsRequest(set: [1], offset: 0, length: length)
                if info.verifiesUser {
                    let token = try await bench.token(.largeBlobWrite)
                    request.pinUVAuthProtocol = 2
                    request.pinUVAuthParam = token.authenticate(request.authenticatedMessage)
                }
                #expect(await bench.status(request.request) == expected)
            }
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
