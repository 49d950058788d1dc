import CBOR
import CTAP
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@Suite("authenticatorCredentialManagement (§6.8)", .timeLimit(.minutes(2))) struct CredentialManagementTests {
    private let platform: PINPlatform
    private var bench: Bench { platform.bench }

    init() async throws { platform = try await PINTests.platform() }

    /// A token that may manage, and perhaps only for one relying party.
    private func token(_ relyingPartyID: String? = nil) async throws -> PINUVAuthToken {
        try await platform.token(.credentialManagement, relyingPartyID: relyingPartyID)
    }

    private func respond(
        _ number: UInt64, _ entries: [(Int, CBORValue)] = [], _ token: PINUVAuthToken? = nil
    ) async throws(CTAPStatus) -> CredentialManagementResponse {
        var parameters = CBORMap()
        for (key, value) in entries { parameters[CBORValue(key)] = value }
        var request = CredentialManagementRequest(number, parameters: entries.isEmpty ? nil : parameters)
        if let token {
            request.pinUVAuthProtocol = 2
            request.pinUVAuthParam = token.authenticate(request.authenticatedMessage)
        }
        let response = await bench.respond(request.request)
        guard response.status == .success else { throw response.status }
        return response.data.isEmpty
            ? CredentialManagementResponse() : try CredentialManagementResponse(data: response.data)
    }

    private func register(_ user: [UInt8], at id: String, extensions: CBORMap? = nil) async throws -> Registered {
        let token = try await platform.token(.makeCredential, relyingPartyID: id)
        var request = Bench.registration(user: user, relyingPartyID: id, discoverable: true)
        request.pinUVAuthParam = token.authenticate(request.clientDataHash)
        request.pinUVAuthProtocol = 2
        request.extensions = extensions
        return try await bench.register(request)
    }

    private static func descriptor(_ id: [UInt8]) -> CBORValue { ["id": .bytes(id), "type": "public-key"] }

    private static func hash(_ id: String) -> [UInt8] { PINPlatform.sha256(id) }

    @Test("§6.8.2 getCredsMetadata: how many there are, and how many more fit; an empty store is fine")
    func metadata() async throws {
        let empty = try await respond(1, [], token())
        #expect([empty.existingCount, empty.remainingCount] == [0, 1000])
        _ = try await register([1], at: "a")
        let one = try await respond(1, [], token())
        #expect([one.existingCount, one.remainingCount] == [1, 999])
        #expect(try await bench.client.getInfo().remainingDiscoverableCredentials == 999)
    }

    @Test("§6.8.3 enumerateRPs: each once, the number of them first; none is CTAP2_ERR_NO_CREDENTIALS")
    func relyingParties() async throws {
        await #expect(throws: CTAPStatus.noCredentials) { try await respond(2, [], token()) }
        for (user, id) in [([1], "a"), ([1], "b"), ([2], "a")] as [([UInt8], String)] {
            _ = try await register(user, at: id)
        }
        let first = try await respond(2, [], token())
        let second = try await respond(3)
        #expect([first.relyingParty?.id, second.relyingParty?.id] == ["a", "b"])
        #expect([first.relyingPartyIDHash, second.relyingPartyIDHash] == [Self.hash("a"), Self.hash("b")])
        #expect([first.totalRelyingParties, second.totalRelyingParties] == [2, nil])
        await #expect(throws: CTAPStatus.notAllowed) { try await respond(3) }
    }

    @Test("§6.8.4 enumerateCredentials: those of one relying party, with all that is known of them")
    func credentials() async throws {
        await #expect(throws: CTAPStatus.noCredentials) {
            try await respond(4, [(1, .bytes(Self.hash("a")))], token())
        }
        await #expect(throws: CTAPStatus.missingParameter) { try await respond(4, [], token()) }
        var extensions = CBORMap()
        extensions["credProtect"] = 3
        extensions["largeBlobKey"] = true
        extensions["thirdPartyPayment"] = true
        let protected = try await register([1], at: "a", extensions: extensions)
        let plain = try await register([2], at: "a")
        _ = try await register([3], at: "b")
        let newest = try await respond(4, [(1, .bytes(Self.hash("a")))], token())
        let oldest = try await respond(5)
        #expect([newest.credential?.id.bytes, oldest.credential?.id.bytes] == [plain.id, protected.id])
        #expect([newest.totalCredentials, oldest.totalCredentials] == [2, nil])
        #expect([newest.publicKey, oldest.publicKey] == [plain.publicKey, protected.publicKey])
        #expect([newest.credentialProtection, oldest.credentialProtection] == [1, 3])
        #expect([newest.largeBlobKey, oldest.largeBlobKey] == [nil, protected.response.largeBlobKey])
        #expect([newest.isThirdPartyPaymentEnabled, oldest.isThirdPartyPaymentEnabled] == [false, true])
        #expect(oldest.user == PublicKeyCredentialUserEntity(id: [1], name: "mina", displayName: "Mina M."))
        await #expect(throws: CTAPStatus.notAllowed) { try await respond(5) }
    }

    @Test("§6.8.5 deleteCredential: it is gone; another is CTAP2_ERR_NO_CREDENTIALS")
    func deletion() async throws {
        let made = try await register([1], at: "a")
        await #expect(throws: CTAPStatus.missingParameter) { try await respond(6, [], token()) }
        await #expect(throws: CTAPStatus.noCredentials) { try await respond(6, [(2, Self.descriptor([9]))], token()) }
        // A token for one relying party tells nothing about another's credentials, whether there are any or not.
        for id in [made.id, [9]] {
            await #expect(throws: CTAPStatus.pinAuthInvalid) {
                try await respond(6, [(2, Self.descriptor(id))], token("b"))
            }
        }
        _ = try await respond(6, [(2, Self.descriptor(made.id))], token("a"))
        #expect(await bench.status(Bench.authentication(relyingPartyID: "a").request) == .noCredentials)
        #expect(try await respond(1, [], token()).existingCount == 0)
    }

    @Test("§6.8.6 updateUserInformation: names are replaced, what is absent or empty is removed")
    func update() async throws {
        let made = try await register([1], at: "a")
        let descriptor = (2, Self.descriptor(made.id))
        await #expect(throws: CTAPStatus.missingParameter) { try await respond(7, [descriptor], token()) }
        await #expect(throws: CTAPStatus.invalidParameter) {
            try await respond(7, [descriptor, (3, ["id": .bytes([2])])], token())
        }
        await #expect(throws: CTAPStatus.noCredentials) {
            try await respond(7, [(2, Self.descriptor([9])), (3, ["id": .bytes([1])])], token())
        }
        let cases: [(CBORValue, String?, String?)] = [
            (["id": .bytes([1]), "name": "new", "displayName": "New"], "new", "New"),
            (["id": .bytes([1]), "name": "only"], "only", nil), (["id": .bytes([1]), "name": ""], nil, nil),
        ]
        for (user, name, displayName) in cases {
            _ = try await respond(7, [descriptor, (3, user)], token())
            let stored = try await respond(4, [(1, .bytes(Self.hash("a")))], token()).user
            #expect(stored == PublicKeyCredentialUserEntity(id: [1], name: name, displayName: displayName))
        }
    }

    @Test("§6.8.3, §6.8.4 the credentials of each relying party may be walked through before the next is asked for")
    func interleaved() async throws {
        for (user, id) in [([1], "a"), ([2], "a"), ([1], "b"), ([2], "b")] as [([UInt8], String)] {
            _ = try await register(user, at: id)
        }
        let token = try await token()
        let credentials = { (id: String) in [(1, CBORValue.bytes(Self.hash(id)))] }
        #expect(try await respond(2, [], token).relyingParty?.id == "a")
        #expect(try await respond(4, credentials("a"), token).user?.id.bytes == [2])
        #expect(try await respond(5).user?.id.bytes == [1])
        #expect(try await respond(3).relyingParty?.id == "b")
        #expect(try await respond(4, credentials("b"), token).user?.id.bytes == [2])
        // All relying parties have been named; the credentials go on.
        await #expect(throws: CTAPStatus.notAllowed) { try await respond(3) }
        #expect(try await respond(5).user?.id.bytes == [1])
        await #expect(throws: CTAPStatus.notAllowed) { try await respond(5) }
        // A new walk through the relying parties ends that through credentials, and anything else ends both.
        _ = try await respond(4, credentials("a"), token)
        _ = try await respond(2, [], token)
        await #expect(throws: CTAPStatus.notAllowed) { try await respond(5) }
        #expect(try await respond(3).relyingParty?.id == "b")
        _ = try await respond(2, [], token)
        _ = try await respond(4, credentials("a"), token)
        _ = try await respond(1, [], token)
        await #expect(throws: CTAPStatus.notAllowed) { try await respond(3) }
        await #expect(throws: CTAPStatus.notAllowed) { try await respond(5) }
    }

    @Test("a change ends an enumeration, and a token that expires does as well")
    func ends() async throws {
        for id in ["a", "b", "c"] { _ = try await register([1], at: id) }
        let made = try await register([2], at: "a")
        _ = try await respond(2, [], token())
        _ = try await respond(6, [(2, Self.descriptor(made.id))], token())
        await #expect(throws: CTAPStatus.notAllowed) { try await respond(3) }
        let token = try await token()
        for _ in 1...20 {
            _ = try await respond(1, [], token)
            bench.clock.advance(by: .seconds(29))
        }
        _ = try await respond(2, [], token)
        bench.clock.advance(by: .seconds(21))
        await #expect(throws: CTAPStatus.notAllowed) { try await respond(3) }
    }
}
