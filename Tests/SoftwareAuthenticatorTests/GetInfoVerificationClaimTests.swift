import CBOR
import CTAP
import Crypto
import CryptoExtras
import SoftwareAuthenticator
import Testing
import WebAuthnModel

@Suite("getInfo is true: PIN, tokens, verification, settings (§6.4)", .timeLimit(.minutes(3)))
struct GetInfoVerificationClaimTests {
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
        #expect(now.options["alwaysUv"] == true)
        #expect(now.options["makeCredUvNotRqd"] == (waives ? false : nil))
        #expect(!now.versions.contains("U2F_V2"))
        #expect(
            await platform.bench.status(Bench.registration().request)
                == (now.options["uv"] == true ? .success : .puatRequired))
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
}
