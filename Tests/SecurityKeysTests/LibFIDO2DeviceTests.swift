import CBOR
import CTAP
import Crypto
import HIDTransport
import SecurityKeys
import Testing
import WebAuthnModel

@Suite(.timeLimit(.minutes(1))) struct LibFIDO2DeviceTests {
    private let hash = Array(SHA256.hash(data: Array("client data".utf8)))

    @Test("getInfo passes through libfido2 unchanged")
    func getInfo() async throws {
        try await withLibFIDO2(ScriptedKey()) { device in
            var expected = ScriptedKey.info
            expected.algorithms = [PublicKeyCredentialParameters(.es256)]
            let info = try await device.getInfo()
            #expect(info == expected)
        }
    }

    @Test("a registration passes through libfido2 and is verified by it", arguments: [AttestationFormat.packed, .none])
    func makeCredential(format: AttestationFormat) async throws {
        let key = ScriptedKey(attestation: format)
        let request = makeCredentialRequest(
            options: AuthenticatorOptions(discoverable: true, userVerification: true), excluded: [[5, 5], [6]])
        try await withLibFIDO2(key) { device in
            let response = try await device.makeCredential(request)
            #expect(response.format == format)
            let data = try AuthenticatorData(decoding: response.authenticatorData)
            #expect(data.attestedCredentialData?.publicKey == key.publicKey)
            let attestation = try LibFIDO2Verifier.verifyRegistration(
                response, clientDataHash: hash, relyingPartyID: ScriptedKey.relyingPartyID,
                requiresUserVerification: true)
            #expect(attestation == (format == .none ? .none : .selfSigned))
        }
        let received = try MakeCredentialRequest(parameters: #require(key.requests.first).parameters)
        #expect(received.clientDataHash == request.clientDataHash)
        #expect(received.relyingParty == request.relyingParty)
        #expect(received.user == request.user)
        #expect(received.pubKeyCredParams.map(\.alg) == [.es256])
        #expect(received.excludeList?.map(\.id.bytes) == [[5, 5], [6]])
        #expect(received.options == request.options)
    }

    @Test("the first wanted algorithm that the authenticator has is asked for")
    func algorithm() async throws {
        let key = ScriptedKey()
        try await withLibFIDO2(key) { device in
            _ = try await device.makeCredential(
                makeCredentialRequest(algorithms: [COSEAlgorithm(rawValue: -48), .edDSA, .es256, .rs256]))
            await #expect(throws: CTAPClientError.status(.unsupportedAlgorithm)) {
                try await device.makeCredential(makeCredentialRequest(algorithms: [.rs256]))
            }
        }
        let received = try MakeCredentialRequest(parameters: #require(key.requests.first).parameters)
        #expect(received.pubKeyCredParams.map(\.alg) == [.es256])
    }

    @Test("credProtect is passed on, unknown extensions are not")
    func extensions() async throws {
        let key = ScriptedKey()
        var request = makeCredentialRequest()
        request.extensions = CBORMap()
        request.extensions?["credProtect"] = 2
        request.extensions?["unheardOf"] = true
        let sent = request
        try await withLibFIDO2(key) { device in _ = try await device.makeCredential(sent) }
        let received = try MakeCredentialRequest(parameters: #require(key.requests.first).parameters)
        #expect(received.extensions?.entries.map(\.key) == ["credProtect"])
        #expect(received.extensions?["credProtect"] == 2)
    }

    @Test("all assertions are fetched and verified", arguments: [1, 2, 5])
    func getAssertions(count: Int) async throws {
        let key = ScriptedKey(accountCount: count)
        let request = GetAssertionRequest(
            relyingPartyID: ScriptedKey.relyingPartyID, clientDataHash: hash,
            options: AuthenticatorOptions(userVerification: true))
        try await withLibFIDO2(key) { device in
            let responses = try await device.getAssertions(request)
            #expect(responses.map { $0.credential?.id.bytes } == (0..<count).map { [1, 2, 3, UInt8($0)] })
            #expect(responses.map { $0.user?.id.bytes } == (0..<count).map { [UInt8($0 + 1)] })
            #expect(responses.first?.numberOfCredentials == (count > 1 ? UInt64(count) : nil))
            for response in responses {
                try LibFIDO2Verifier.verifyAssertion(
                    response, clientDataHash: hash, relyingPartyID: ScriptedKey.relyingPartyID,
                    publicKey: key.publicKey, requiresUserVerification: true)
            }
        }
        #expect(key.requests.count == count)
    }

    @Test("an allow list and a silent request are passed on")
    func allowList() async throws {
        let key = ScriptedKey()
        let request = GetAssertionRequest(
            relyingPartyID: ScriptedKey.relyingPartyID, clientDataHash: hash,
            allowList: [PublicKeyCredentialDescriptor(id: [1]), PublicKeyCredentialDescriptor(id: [2, 3])],
            options: AuthenticatorOptions(userPresence: false))
        try await withLibFIDO2(key) { device in _ = try await device.getAssertions(request) }
        #expect(try GetAssertionRequest(parameters: #require(key.requests.first).parameters) == request)
    }

    @Test(
        "statuses pass through libfido2",
        arguments: [
            CTAPStatus.operationDenied, .credentialExcluded, .noCredentials, .puatRequired, .userActionTimeout,
            .keyStoreFull, .invalidOption, .keepaliveCancel, .other, CTAPStatus(rawValue: 0x40),
            CTAPStatus(rawValue: 0xF1),
        ])
    func statuses(status: CTAPStatus) async throws {
        try await withLibFIDO2(ScriptedKey(.status(status))) { device in
            await #expect(throws: CTAPClientError.status(status)) {
                try await device.makeCredential(makeCredentialRequest())
            }
            await #expect(throws: CTAPClientError.status(status)) {
                try await device.getAssertions(GetAssertionRequest(relyingPartyID: "a.example", clientDataHash: hash))
            }
        }
    }

    @Test("an answer that is no CBOR is reported as such")
    func garbage() async throws {
        try await withLibFIDO2(ScriptedKey(.garbage)) { device in
            await #expect {
                try await device.makeCredential(makeCredentialRequest())
            } throws: { error in
                if case CTAPClientError.malformedResponse = error { true } else { false }
            }
        }
    }

    @Test("a PIN/UV auth parameter cannot be passed on")
    func pinUVAuthParam() async throws {
        var request = makeCredentialRequest()
        request.pinUVAuthParam = [1]
        let sent = request
        try await withLibFIDO2(ScriptedKey()) { device in
            await #expect {
                try await device.makeCredential(sent)
            } throws: { error in
                if case CTAPClientError.transport = error { true } else { false }
            }
        }
    }

    @Test("cancelling the task cancels the request, and the device is of use afterwards")
    func cancel() async throws {
        let key = ScriptedKey(.waitForCancellation)
        try await withLibFIDO2(key) { device in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    await #expect(throws: CTAPClientError.cancelled) {
                        try await device.makeCredential(makeCredentialRequest())
                    }
                }
                while key.requests.isEmpty { await Task.yield() }
                group.cancelAll()
                try await group.waitForAll()
            }
            #expect(try await device.getInfo().firmwareVersion == 7)
        }
    }

    @Test("a request of a task that is cancelled already is never sent")
    func cancelledBefore() async throws {
        let key = ScriptedKey()
        try await withLibFIDO2(key) { device in
            await withTaskGroup(of: Void.self) { group in
                group.cancelAll()
                group.addTask {
                    await #expect(throws: CTAPClientError.cancelled) {
                        try await device.makeCredential(makeCredentialRequest())
                    }
                }
            }
        }
        #expect(key.requests.isEmpty)
    }

    @Test("a closed device says so")
    func closed() async throws {
        try await withLibFIDO2(ScriptedKey()) { device in
            await device.close()
            await #expect {
                try await device.getInfo()
            } throws: { error in
                if case CTAPClientError.transport = error { true } else { false }
            }
        }
    }

    @Test("a device that vanishes is reported")
    func vanished() async throws {
        let pipe = InProcessHIDPipe()
        pipe.deviceEnd.close()
        await #expect {
            _ = try await LibFIDO2Device.open(pipe.hostEnd)
        } throws: { error in
            if case CTAPClientError.transport = error { true } else { false }
        }
    }

    @Test("two devices work side by side")
    func twoDevices() async throws {
        try await withLibFIDO2(ScriptedKey(accountCount: 1)) { first in
            try await withLibFIDO2(ScriptedKey(accountCount: 3)) { second in
                let request = GetAssertionRequest(relyingPartyID: ScriptedKey.relyingPartyID, clientDataHash: hash)
                async let one = first.getAssertions(request)
                async let three = second.getAssertions(request)
                let counts = try await [one.count, three.count]
                #expect(counts == [1, 3])
            }
        }
    }
}
