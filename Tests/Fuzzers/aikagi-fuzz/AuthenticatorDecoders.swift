import CBOR
import CTAP
import SoftwareAuthenticator
import Synchronization
import TestSupport
import WebAuthnModel

extension FuzzedDecoder {
    static let authenticatorDecoders = [
        FuzzedDecoder("authenticator") { input in
            runToEnd {
                var reader = InputReader(input)
                var bench = AuthenticatorBench(options: reader.byte())
                var count = 0
                // Every credential costs a key pair; a long input shows nothing that a short one cannot.
                while !reader.isEmpty, count < 64 {
                    await bench.step(&reader)
                    count += 1
                }
            }
        },
        FuzzedDecoder("authenticator-management") { input in
            runToEnd {
                var reader = InputReader(input)
                var bench = AuthenticatorBench(options: reader.byte() & ~3 | 8)
                var count = 0
                while !reader.isEmpty, count < 64 {
                    await bench.manage(&reader)
                    count += 1
                }
            }
        },
        FuzzedDecoder("authenticator-state") { input in
            guard let state = AuthenticatorState(serialized: SecretBytes(input)) else { return }
            require(AuthenticatorState(serialized: state.serialized) == state, "it survives a round trip")
        },
        FuzzedDecoder("ctap1") { input in
            runToEnd {
                let bench = AuthenticatorBench(options: 2)
                let response = await bench.ctap1(input)
                require(response.count >= 2, "every response ends with a status word")
            }
        },
        FuzzedDecoder("attestation-identity") { input in
            guard let identity = attempt({ try AttestationIdentity(serialized: SecretBytes(input)) }) else { return }
            let again = attempt { try AttestationIdentity(serialized: identity.serialized) }
            require(again == identity, "it survives a round trip")
        },
    ]
}

/// A software authenticator whose user approves everything, before a platform that sends anything.
private struct AuthenticatorBench {
    private static let relyingPartyID = "example.org"
    private static let clientDataHash = [UInt8](repeating: 0xCD, count: 32)

    private let clock = ManualClock()
    private let authenticator: Authenticator
    private let failures = Failures()
    private var credentialIDs: [[UInt8]] = []
    private var transport = CTAPRequestContext.Transport.hid(channel: 1)

    init(options: UInt8) {
        let flavour = Flavour.allCases[Int(options & 3) % Flavour.allCases.count]
        let failures = failures
        var configuration = Authenticator.Configuration(
            flavour: flavour, attestation: options & 4 == 0 ? nil : .selfAttestation,
            verifiesUser: options & 8 == 0 ? nil : true)
        configuration.largeBlobStorage = options & 16 == 0 ? .array : .credential
        authenticator = Authenticator(
            configuration: configuration, store: MemoryCredentialStore(capacity: 4), gate: ApprovingGate(),
            randomness: SeededGenerator(seed: 1),
            clock: clock, reportFailure: failures.append)
    }

    mutating func step(_ reader: inout InputReader) async {
        switch reader.byte() % 8 {
        case 0:
            guard let request = CTAPRequest(message: reader.long()) else { return }
            await send(request)
        case 1:
            await send(CTAPRequest(CTAPCommand(rawValue: reader.byte())))
        case 2:
            await send(CTAPRequest(.makeCredential, parameters: reader.long()))
        case 3:
            await send(CTAPRequest(.getAssertion, parameters: reader.long()))
        case 4:
            await send(registration(&reader).request)
        case 5:
            var request = authentication(&reader)
            request.extensions = await prf(&reader, for: request)
            await send(request.request)
        case 6:
            clock.advance(by: .seconds(Int(reader.byte())))
        default:
            transport = [.hid(channel: 1), .hid(channel: 2), .hybrid(session: 1), .inProcess][Int(reader.byte() & 3)]
            if reader.byte() & 1 == 1 { await authenticator.powerCycle() }
        }
    }

    /// One step of a platform that manages the authenticator, mostly with a token that is good for it.
    mutating func manage(_ reader: inout InputReader) async {
        let kind = reader.byte()
        if kind & 0x80 != 0 { return await step(&reader) }
        let parameters = reader.short()
        guard let map = attempt({ try CBORDecoder.decode(parameters) })?.map else { return }
        let number = UInt64(reader.byte())
        guard let token = await token() else { return }
        switch kind & 3 {
        case 0:
            var request = CredentialManagementRequest(number, parameters: map, pinUVAuthProtocol: 2)
            request.pinUVAuthParam = token.authenticate(request.authenticatedMessage)
            await send(request.request)
        case 1:
            var request = BioEnrollmentRequest(number, parameters: map)
            request.pinUVAuthProtocol = 2
            request.pinUVAuthParam = token.authenticate(request.authenticatedMessage)
            await send(request.request)
        case 2:
            var request = ConfigRequest(number, parameters: map)
            request.pinUVAuthProtocol = 2
            request.pinUVAuthParam = token.authenticate(request.authenticatedMessage)
            await send(request.request)
        default:
            let offset = UInt64(reader.byte())
            var request =
                kind & 4 == 0
                ? LargeBlobsRequest(get: number, offset: offset)
                : LargeBlobsRequest(set: parameters, offset: offset, length: offset == 0 ? number : nil)
            if request.set != nil {
                request.pinUVAuthProtocol = 2
                request.pinUVAuthParam = token.authenticate(request.authenticatedMessage)
            }
            await send(request.request)
        }
    }

    /// A token for everything that can be managed, by the built-in verification; `nil` when that is not possible any more.
    private func token() async -> PINUVAuthToken? {
        let context = CTAPRequestContext(transport: transport)
        let agreement = ClientPINRequest(.getKeyAgreement, pinUVAuthProtocol: 2).request
        let response = await authenticator.respond(to: agreement, in: context)
        guard let key = attempt({ try ClientPINResponse(data: response.data) })?.keyAgreement else { return nil }
        var generator = SeededGenerator(seed: 3)
        let (own, secret) = certain { try key.encapsulate(.two, using: &generator) }
        var request = ClientPINRequest(.getTokenUsingUV, pinUVAuthProtocol: 2)
        request.keyAgreement = own.ctap.map
        request.permissions = 0x3C
        let answer = await authenticator.respond(to: request.request, in: context)
        guard let encrypted = attempt({ try ClientPINResponse(data: answer.data) })?.pinUVAuthTokenEncrypted,
            let bytes = attempt({ try secret.decrypt(encrypted) })
        else { return nil }
        return PINUVAuthToken(.two, bytes: bytes)
    }

    /// What it answers to a CTAP1 request.
    func ctap1(_ apdu: [UInt8]) async -> [UInt8] {
        await authenticator.respond(toAPDU: apdu, in: CTAPRequestContext(transport: transport))
    }

    private func registration(_ reader: inout InputReader) -> MakeCredentialRequest {
        let options = reader.byte()
        let wanted = reader.byte()
        var extensions = CBORMap()
        if wanted & 1 != 0 { extensions["hmac-secret"] = .boolean(wanted & 2 == 0) }
        if wanted & 4 != 0 { extensions["prf"] = PRFInput(eval: PRFValues(first: reader.padded(32))).ctap }
        return MakeCredentialRequest(
            clientDataHash: Self.clientDataHash,
            relyingParty: PublicKeyCredentialRelyingPartyEntity(id: Self.relyingPartyID, name: nil),
            user: PublicKeyCredentialUserEntity(id: reader.bytes(Int(options & 3)), name: "mina"),
            pubKeyCredParams: [PublicKeyCredentialParameters(options & 4 == 0 ? .es256 : .edDSA)],
            excludeList: options & 8 == 0 ? nil : descriptors(options),
            extensions: extensions.isEmpty ? nil : extensions,
            options: AuthenticatorOptions(
                discoverable: options & 16 == 0 ? nil : true, userVerification: options & 32 == 0 ? nil : true))
    }

    private func authentication(_ reader: inout InputReader) -> GetAssertionRequest {
        let options = reader.byte()
        return GetAssertionRequest(
            relyingPartyID: Self.relyingPartyID, clientDataHash: Self.clientDataHash,
            allowList: options & 8 == 0 ? nil : descriptors(options),
            options: AuthenticatorOptions(
                userPresence: options & 16 == 0 ? nil : false, userVerification: options & 32 == 0 ? nil : true))
    }

    /// A platform's input to either form of the pseudo-random function, where a bit of the request's options wants one.
    private func prf(_ reader: inout InputReader, for request: GetAssertionRequest) async -> CBORMap? {
        let options = reader.byte()
        guard options & 3 != 0, let salts = PRFValues(first: reader.padded(32)) else { return nil }
        var extensions = CBORMap()
        extensions["prf"] =
            PRFInput(
                eval: options & 4 == 0 ? salts : nil,
                evalByCredential: Dictionary(
                    (request.allowList ?? []).map { ($0.id.bytes, salts) }, uniquingKeysWith: { first, _ in first })
            ).ctap
        guard let version = PINUVAuthProtocol(rawValue: UInt64(options & 3)) else { return extensions }
        let keyRequest = ClientPINRequest(.getKeyAgreement, pinUVAuthProtocol: version.rawValue)
        let response = await authenticator.respond(
            to: keyRequest.request, in: CTAPRequestContext(transport: transport))
        // A phone has no key.
        guard response.status == .success,
            let key = certain({ try ClientPINResponse(data: response.data) }).keyAgreement
        else { return extensions }
        var generator = SeededGenerator(seed: 2)
        let (keyAgreement, secret) = certain { try key.encapsulate(version, using: &generator) }
        var input = certain {
            try HMACSecretInput(salts, keyAgreement: keyAgreement, sharedSecret: secret, using: &generator)
        }
        if options & 8 != 0 { input.saltEncrypted = reader.long() }
        if options & 16 != 0 { input.saltAuthenticationCode = secret.authenticate(input.saltEncrypted) }
        extensions["hmac-secret"] = input.ctap
        return extensions
    }

    /// The credentials made so far; with one bit, the first one's ID is spoilt.
    private func descriptors(_ options: UInt8) -> [PublicKeyCredentialDescriptor] {
        var ids = credentialIDs
        if options & 64 != 0, var first = ids.first, let byte = first.popLast() {
            first.append(byte ^ 1)
            ids[0] = first
        }
        return ids.map { PublicKeyCredentialDescriptor(id: $0) }
    }

    private mutating func send(_ request: CTAPRequest) async {
        let response = await authenticator.respond(
            to: request, in: CTAPRequestContext(transport: transport))
        require(failures.isEmpty, "a store in memory does not fail: \(failures.texts)")
        require(response.status != .other, "nothing goes wrong inside")
        require(response.message.count <= 7609, "a response fits the transports")
        guard response.status == .success else {
            require(response.data.isEmpty, "an error is a status alone")
            return
        }
        check(response.data, of: request)
    }

    private mutating func check(_ data: [UInt8], of request: CTAPRequest) {
        switch request.command {
        case .makeCredential:
            let response = certain { try MakeCredentialResponse(data: data) }
            require(response.response.data == data, "a response is canonical")
            let authenticatorData = certain { try AuthenticatorData(decoding: response.authenticatorData) }
            require(authenticatorData.flags.contains(.userPresent), "no credential without a person")
            let credential = authenticatorData.attestedCredentialData
            require(credential != nil, "a new credential is named")
            if credentialIDs.count < 40, let credential { credentialIDs.append(credential.credentialID) }
        case .getAssertion, .getNextAssertion:
            let response = certain { try GetAssertionResponse(data: data) }
            require(response.response.data == data, "a response is canonical")
            _ = certain { try AuthenticatorData(decoding: response.authenticatorData) }
        case .clientPIN:
            let response = certain { try ClientPINResponse(data: data) }
            require(response.response.data == data, "a response is canonical")
        case .getInfo:
            let info = certain { try AuthenticatorInfo(data: data) }
            require(info.encoded == data, "a response is canonical")
        case .credentialManagement, .credentialManagementPreview:
            guard !data.isEmpty else { return }
            let response = certain { try CredentialManagementResponse(data: data) }
            require(response.response.data == data, "a response is canonical")
        case .bioEnrollment, .bioEnrollmentPreview:
            guard !data.isEmpty else { return }
            let response = certain { try BioEnrollmentResponse(data: data) }
            require(response.response.data == data, "a response is canonical")
        case .largeBlobs:
            guard !data.isEmpty else { return }
            let response = certain { try LargeBlobsResponse(data: data) }
            require(response.response.data == data, "a response is canonical")
        default:
            require([.reset, .selection, .config].contains(request.command), "no other command succeeds")
            require(data.isEmpty, "the command has no response data")
        }
    }
}

/// What the authenticator reports as gone wrong inside, other than a full store.
private final class Failures: Sendable {
    private let list = Mutex<[String]>([])

    var isEmpty: Bool { texts.isEmpty }

    var texts: [String] { list.withLock { $0 } }

    func append(_ error: any Error) {
        // A platform may well fill the store, which is small here; the response says so.
        if (error as? CredentialStoreError) == .full { return }
        list.withLock { $0.append("\(error)") }
    }
}
