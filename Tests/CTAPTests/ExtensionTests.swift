import CBOR
import CTAP
import TestSupport
import Testing

@Suite("Extension inputs and outputs (§12, WebAuthn Level 3 §10.1.4)")
struct ExtensionTests {
    private static func secret(_ pinUVAuthProtocol: PINUVAuthProtocol) throws -> PINUVAuthSharedSecret {
        try KeyAgreementPrivateKey(rawRepresentation: PINUVAuthVectors.authenticatorKey).decapsulate(
            platformKey(), pinUVAuthProtocol)
    }

    private static func platformKey() throws -> KeyAgreementPublicKey {
        try KeyAgreementPrivateKey(rawRepresentation: PINUVAuthVectors.platformKey).publicKey
    }

    /// `hmac-secret` as a platform would send it.
    private static func input(
        _ saltEncrypted: [UInt8], _ code: [UInt8]?, _ pinUVAuthProtocol: PINUVAuthProtocol
    ) throws -> HMACSecretInput {
        let secret = try secret(pinUVAuthProtocol)
        return try HMACSecretInput(
            ctap: [
                1: platformKey().ctap, 2: .bytes(saltEncrypted),
                3: .bytes(code ?? secret.authenticate(saltEncrypted)), 4: .unsigned(pinUVAuthProtocol.rawValue),
            ])
    }

    @Test("hmac-secret: salts that independent software has encrypted are read", arguments: PINUVAuthTests.vectorRows)
    func hmacSecretVectors(
        _ row: (PINUVAuthProtocol, saltCount: Int, ciphertext: String, code: String)
    ) throws {
        let ciphertext = try #require([UInt8](hex: row.ciphertext))
        let input = try Self.input(ciphertext, [UInt8](hex: row.code), row.0)
        let salts = try input.salts(Self.secret(row.0))
        #expect(salts.first == PINUVAuthVectors.salts[0])
        #expect(salts.second == (row.saltCount == 2 ? PINUVAuthVectors.salts[1] : nil))
        // And written in the same way.
        var generator = ListedGenerator(PINUVAuthVectors.initializationVector)
        let written = try HMACSecretInput(
            salts, keyAgreement: Self.platformKey(), sharedSecret: Self.secret(row.0), using: &generator)
        #expect(written == input)
        #expect(try HMACSecretInput(ctap: written.ctap) == input)
    }

    @Test("hmac-secret: without a protocol it is protocol one")
    func defaultProtocol() throws {
        let ciphertext = try #require([UInt8](hex: PINUVAuthVectors.one[0].0))
        var map = try #require(try Self.input(ciphertext, nil, .one).ctap.map)
        map[4] = nil
        #expect(try HMACSecretInput(ctap: .map(map)).pinUVAuthProtocol == .one)
    }

    /// A member replaced, or left out for `nil`, and the status that gives.
    static let malformedHMACSecretCases: [(CBORValue, CBORValue?, CTAPStatus)] = [
        (1, nil, .missingParameter), (2, nil, .missingParameter), (3, nil, .missingParameter),
        (1, .bytes([1]), .cborUnexpectedType), (2, "x", .cborUnexpectedType), (3, 1, .cborUnexpectedType),
        (4, "1", .cborUnexpectedType), (4, -1, .cborUnexpectedType), (4, 0, .invalidParameter),
        (4, 3, .invalidParameter), (1, [:], .invalidParameter),
    ]

    @Test("hmac-secret: malformed inputs have their status", arguments: malformedHMACSecretCases)
    func malformedHMACSecret(member: CBORValue, value: CBORValue?, status: CTAPStatus) throws {
        let ciphertext = try #require([UInt8](hex: PINUVAuthVectors.two[0].0))
        var map = try #require(try Self.input(ciphertext, nil, .two).ctap.map)
        map[member] = value
        #expect(throws: status) { try HMACSecretInput(ctap: .map(map)) }
    }

    @Test("hmac-secret: whatever is no map has another type")
    func hmacSecretTypes() {
        for item in RequestDecodingTests.values where item.map == nil {
            #expect(throws: CTAPStatus.cborUnexpectedType) { try HMACSecretInput(ctap: item) }
        }
    }

    @Test("hmac-secret: a point off the curve is noticed before anything else is missing")
    func pointFirst() throws {
        var key = try #require(try Self.platformKey().ctap.map)
        key[-3] = .bytes([UInt8](repeating: 1, count: 32))
        #expect(throws: CTAPStatus.invalidParameter) { try HMACSecretInput(ctap: [1: .map(key)]) }
    }

    @Test("hmac-secret: salts of a wrong length are CTAP1_ERR_INVALID_PARAMETER", arguments: PINUVAuthProtocol.allCases)
    func saltLengths(pinUVAuthProtocol: PINUVAuthProtocol) throws {
        let secret = try Self.secret(pinUVAuthProtocol)
        var generator = SeededGenerator(seed: 21)
        for blocks in [0, 1, 3, 5, 6] {
            let plaintext = [UInt8](repeating: 7, count: 16 * blocks)
            let input = try Self.input(
                secret.encrypt(plaintext, using: &generator), nil, pinUVAuthProtocol)
            #expect(throws: CTAPStatus.invalidParameter) { try input.salts(secret) }
        }
        // What cannot be decrypted at all, although the code over it is right.
        for count in [0, 1, 15, 17, 33, 63, 65] {
            let input = try Self.input([UInt8](repeating: 7, count: count), nil, pinUVAuthProtocol)
            #expect(throws: CTAPStatus.invalidParameter) { try input.salts(secret) }
        }
    }

    @Test("hmac-secret: a wrong code is CTAP2_ERR_PIN_AUTH_INVALID, even where the length is wrong as well")
    func wrongCode() throws {
        for pinUVAuthProtocol in PINUVAuthProtocol.allCases {
            let secret = try Self.secret(pinUVAuthProtocol)
            for count in [0, 16, 32, 48] {
                let code = [UInt8](repeating: 0, count: pinUVAuthProtocol.authenticationCodeByteCount)
                for wrong in [code, []] {
                    let input = try Self.input([UInt8](repeating: 7, count: count), wrong, pinUVAuthProtocol)
                    #expect(throws: CTAPStatus.pinAuthInvalid) { try input.salts(secret) }
                }
            }
        }
    }

    private static let salt = [UInt8](repeating: 0xA5, count: 32)
    private static let other = [UInt8](repeating: 0x5A, count: 32)

    @Test("PRF values come in 32 bytes each")
    func prfValues() throws {
        for count in [0, 31, 33, 63, 65, 96] {
            let bytes = [UInt8](repeating: 1, count: count)
            #expect(PRFValues(concatenated: bytes) == nil)
            #expect(PRFValues(first: bytes) == nil)
            #expect(PRFValues(first: Self.salt, second: bytes) == nil)
        }
        #expect(PRFValues(concatenated: Self.salt) == PRFValues(first: Self.salt))
        let two = try #require(PRFValues(concatenated: Self.salt + Self.other))
        #expect(two == PRFValues(first: Self.salt, second: Self.other))
        #expect(two.concatenated == Self.salt + Self.other)
        #expect(try PRFValues(ctap: two.ctap) == two)
    }

    @Test("prf in fixed bytes, and back")
    func prfFixedBytes() throws {
        let values = try #require(PRFValues(first: Self.salt, second: Self.other))
        let (first, second) = ("5820" + Self.salt.hex, "5820" + Self.other.hex)
        let map = "a2656669727374\(first)667365636f6e64\(second)"
        let input = PRFInput(eval: values, evalByCredential: [[9, 9]: values])
        let written = CBOREncoder.encode(input.ctap).hex
        #expect(written == "a2646576616c\(map)706576616c427943726564656e7469616ca1420909\(map)")
        #expect(try PRFInput(ctap: input.ctap) == input)
        #expect(CBOREncoder.encode(PRFInput().ctap) == [0xA0])
        #expect(try PRFInput(ctap: [:]) == PRFInput())
        let output = PRFOutput(isEnabled: true, results: values)
        #expect(CBOREncoder.encode(output.ctap).hex == "a267656e61626c6564f567726573756c7473\(map)")
        #expect(try PRFOutput(ctap: output.ctap) == output)
        #expect(try PRFOutput(ctap: [:]) == PRFOutput())
    }

    @Test("prf: a credential's own salts come before those for all")
    func saltsByCredential() throws {
        let (all, own) = (try #require(PRFValues(first: Self.salt)), try #require(PRFValues(first: Self.other)))
        let input = PRFInput(eval: all, evalByCredential: [[1]: own])
        #expect(input.salts(credentialID: [1]) == own)
        #expect(input.salts(credentialID: [2]) == all)
        #expect(PRFInput(evalByCredential: [[1]: own]).salts(credentialID: [2]) == nil)
    }

    static let malformedPRFCases: [(CBORValue, CTAPStatus)] = [
        (["eval": 1], .cborUnexpectedType), (["eval": .bytes(salt)], .cborUnexpectedType),
        (["eval": [:]], .missingParameter), (["eval": ["second": .bytes(salt)]], .missingParameter),
        (["eval": ["first": "text"]], .cborUnexpectedType), (["eval": ["first": .null]], .cborUnexpectedType),
        (["eval": ["first": .bytes(salt), "second": 1]], .cborUnexpectedType),
        (["eval": ["first": .bytes([])]], .invalidParameter),
        (["eval": ["first": .bytes(salt.dropLast())]], .invalidParameter),
        (["eval": ["first": .bytes(salt + [0])]], .invalidParameter),
        (["eval": ["first": .bytes(salt), "second": .bytes([1])]], .invalidParameter),
        (["evalByCredential": 1], .cborUnexpectedType), (["evalByCredential": []], .cborUnexpectedType),
        (["evalByCredential": ["text": ["first": .bytes(salt)]]], .cborUnexpectedType),
        (["evalByCredential": [1: ["first": .bytes(salt)]]], .cborUnexpectedType),
        (["evalByCredential": [.bytes([]): ["first": .bytes(salt)]]], .invalidParameter),
        (["evalByCredential": [.bytes([1]): .bytes(salt)]], .cborUnexpectedType),
        (["evalByCredential": [.bytes([1]): [:]]], .missingParameter),
        (["evalByCredential": [.bytes([1]): ["first": .bytes([1])]]], .invalidParameter),
    ]

    @Test("prf: malformed inputs have their status", arguments: malformedPRFCases)
    func malformedPRF(item: CBORValue, status: CTAPStatus) {
        #expect(throws: status) { try PRFInput(ctap: item) }
    }

    @Test("prf: whatever is no map has another type, what is unknown is ignored")
    func prfTypes() throws {
        for item in RequestDecodingTests.values where item.map == nil {
            #expect(throws: CTAPStatus.cborUnexpectedType) { try PRFInput(ctap: item) }
            #expect(throws: CTAPStatus.cborUnexpectedType) { try PRFOutput(ctap: item) }
        }
        #expect(try PRFInput(ctap: ["future": 1]) == PRFInput())
        #expect(throws: CTAPStatus.cborUnexpectedType) { try PRFOutput(ctap: ["enabled": 1]) }
        #expect(throws: CTAPStatus.missingParameter) { try PRFOutput(ctap: ["results": [:]]) }
    }

    @Test("getAssertion: prf by credential may be nested five deep, anything else may not")
    func depth() throws {
        let values = try #require(PRFValues(first: Self.salt))
        let deep = PRFInput(evalByCredential: [[1]: values])
        var request = GetAssertionRequest(relyingPartyID: "a", clientDataHash: [1])
        request.extensions = CBORMap()
        request.extensions?["prf"] = deep.ctap
        #expect(try GetAssertionRequest(parameters: request.request.parameters) == request)
        request.extensions?["prf"] = nil
        request.extensions?["other"] = deep.ctap
        #expect(throws: CTAPStatus.invalidCBOR) { try GetAssertionRequest(parameters: request.request.parameters) }
        request.extensions = CBORMap()
        request.extensions?["prf"] = ["evalByCredential": [.bytes([1]): ["first": [1]]]]
        #expect(throws: CTAPStatus.invalidCBOR) { try GetAssertionRequest(parameters: request.request.parameters) }
    }
}
