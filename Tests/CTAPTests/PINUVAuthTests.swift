import CBOR
import CTAP
import TestSupport
import Testing

@Suite("PIN/UV auth protocols (§6.5.6, §6.5.7)")
struct PINUVAuthTests {
    /// The protocol, how many salts, `saltEnc`, `saltAuth`.
    static let vectorRows: [(PINUVAuthProtocol, Int, String, String)] =
        PINUVAuthVectors.one.enumerated().map { (.one, $0.offset + 1, $0.element.0, $0.element.1) }
        + PINUVAuthVectors.two.enumerated().map { (.two, $0.offset + 1, $0.element.0, $0.element.1) }

    private func secrets(_ pinUVAuthProtocol: PINUVAuthProtocol) throws -> [PINUVAuthSharedSecret] {
        let authenticator = try KeyAgreementPrivateKey(rawRepresentation: PINUVAuthVectors.authenticatorKey)
        let platform = try KeyAgreementPrivateKey(rawRepresentation: PINUVAuthVectors.platformKey)
        return [
            try authenticator.decapsulate(platform.publicKey, pinUVAuthProtocol),
            try platform.decapsulate(authenticator.publicKey, pinUVAuthProtocol),
        ]
    }

    @Test("public keys are those of independent software, in exactly five members")
    func publicKeys() throws {
        for (scalar, point) in [
            (PINUVAuthVectors.authenticatorKey, PINUVAuthVectors.authenticatorPoint),
            (PINUVAuthVectors.platformKey, PINUVAuthVectors.platformPoint),
        ] {
            let key = try KeyAgreementPrivateKey(rawRepresentation: scalar).publicKey
            let (x, y) = (point.prefix(64), point.dropFirst(64))
            #expect(CBOREncoder.encode(key.ctap).hex == "a50102033818200121" + "5820\(x)22" + "5820\(y)")
            #expect(try KeyAgreementPublicKey(ctap: key.ctap) == key)
        }
    }

    @Test("both sides encrypt, decrypt and authenticate as independent software does", arguments: vectorRows)
    func vectors(_ row: (PINUVAuthProtocol, saltCount: Int, ciphertext: String, code: String)) throws {
        let plaintext = Array(PINUVAuthVectors.salts.prefix(row.saltCount).joined())
        let ciphertext = try #require([UInt8](hex: row.ciphertext))
        let code = try #require([UInt8](hex: row.code))
        for secret in try secrets(row.0) {
            var generator = ListedGenerator(PINUVAuthVectors.initializationVector)
            #expect(try secret.encrypt(plaintext, using: &generator) == ciphertext)
            #expect(try secret.decrypt(ciphertext) == plaintext)
            #expect(secret.authenticate(ciphertext) == code)
            #expect(secret.isValid(code, for: ciphertext))
        }
    }

    @Test("what one side encrypts the other decrypts, whatever its length", arguments: PINUVAuthProtocol.allCases)
    func roundTrips(pinUVAuthProtocol: PINUVAuthProtocol) throws {
        var generator = SeededGenerator(seed: 11)
        let authenticator = try KeyAgreementPrivateKey(using: &generator)
        let (keyAgreement, platform) = try authenticator.publicKey.encapsulate(pinUVAuthProtocol, using: &generator)
        let secret = try authenticator.decapsulate(keyAgreement, pinUVAuthProtocol)
        #expect(secret == platform)
        for blocks in 0...5 {
            let plaintext = (0..<(16 * blocks)).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let ciphertext = try platform.encrypt(plaintext, using: &generator)
            #expect(ciphertext.count == plaintext.count + (pinUVAuthProtocol == .two ? 16 : 0))
            #expect(try secret.decrypt(ciphertext) == plaintext)
        }
    }

    @Test("protocol two encrypts differently each time, protocol one does not")
    func initializationVectors() throws {
        var generator = SeededGenerator(seed: 12)
        for pinUVAuthProtocol in PINUVAuthProtocol.allCases {
            let secret = try #require(try secrets(pinUVAuthProtocol).first)
            let plaintext = [UInt8](repeating: 0, count: 32)
            let ciphertexts = Set(try (0..<8).map { _ in try secret.encrypt(plaintext, using: &generator) })
            #expect(ciphertexts.count == (pinUVAuthProtocol == .two ? 8 : 1))
        }
    }

    @Test("lengths that are not whole blocks are refused", arguments: PINUVAuthProtocol.allCases)
    func lengths(pinUVAuthProtocol: PINUVAuthProtocol) throws {
        let secret = try #require(try secrets(pinUVAuthProtocol).first)
        var generator = SeededGenerator(seed: 13)
        for count in 0...65 where !count.isMultiple(of: 16) {
            let bytes = [UInt8](repeating: 1, count: count)
            #expect(throws: PINUVAuthError.length(count)) { try secret.encrypt(bytes, using: &generator) }
            #expect(throws: PINUVAuthError.length(count)) { try secret.decrypt(bytes) }
        }
        // Protocol two needs its initialization vector.
        if pinUVAuthProtocol == .two {
            #expect(throws: PINUVAuthError.length(0)) { try secret.decrypt([]) }
        }
    }

    @Test("a code that is changed, cut, prolonged or of another message is not valid", arguments: vectorRows)
    func wrongCodes(_ row: (PINUVAuthProtocol, saltCount: Int, ciphertext: String, code: String)) throws {
        let secret = try #require(try secrets(row.0).first)
        let message = try #require([UInt8](hex: row.ciphertext))
        let code = try #require([UInt8](hex: row.code))
        #expect(code.count == row.0.authenticationCodeByteCount)
        for index in code.indices {
            var changed = code
            changed[index] ^= 0x80
            #expect(!secret.isValid(changed, for: message))
        }
        for wrong in [[], Array(code.dropLast()), code + [0], code + code] {
            #expect(!secret.isValid(wrong, for: message))
        }
        #expect(!secret.isValid(code, for: message + [0]))
        #expect(!secret.isValid(code, for: []))
        let other = try secrets(row.0 == .one ? .two : .one)
        #expect(!other.contains { $0.isValid(code, for: message) })
    }

    /// A member of the authenticator's key replaced, or left out for `nil`, and the status that gives.
    static let malformedKeys: [(CBORValue, CBORValue?, CTAPStatus)] = [
        (1, nil, .invalidParameter), (1, 1, .invalidParameter), (1, 3, .invalidParameter),
        (1, "2", .cborUnexpectedType), (3, "x", .cborUnexpectedType), (-1, nil, .invalidParameter),
        (-1, 2, .invalidParameter), (-1, .bytes([1]), .cborUnexpectedType), (-2, nil, .invalidParameter),
        (-2, 1, .cborUnexpectedType), (-2, .bytes([]), .invalidParameter),
        (-2, .bytes([UInt8](repeating: 1, count: 31)), .invalidParameter),
        (-2, .bytes([UInt8](repeating: 1, count: 33)), .invalidParameter), (-3, nil, .invalidParameter),
        // A compressed point has a boolean here; CTAP has none.
        (-3, true, .cborUnexpectedType), (-3, .bytes([UInt8](repeating: 1, count: 31)), .invalidParameter),
        // Not on the curve: another y, the field's own order, the point at infinity's usual stand-in.
        (-3, .bytes([UInt8](repeating: 1, count: 32)), .invalidParameter),
        (-2, .bytes([UInt8](repeating: 0xFF, count: 32)), .invalidParameter),
        (-3, .bytes([UInt8](repeating: 0, count: 32)), .invalidParameter),
    ]

    @Test("keys that are none are refused", arguments: malformedKeys)
    func malformedKey(member: CBORValue, value: CBORValue?, status: CTAPStatus) throws {
        let key = try KeyAgreementPrivateKey(rawRepresentation: PINUVAuthVectors.authenticatorKey).publicKey
        var map = try #require(key.ctap.map)
        map[member] = value
        #expect(throws: status) { try KeyAgreementPublicKey(ctap: .map(map)) }
    }

    @Test("what is no map is no key, and neither coordinates of zero nor an empty map are one")
    func noKey() {
        let zero = CBORValue.bytes([UInt8](repeating: 0, count: 32))
        #expect(throws: CTAPStatus.invalidParameter) { try KeyAgreementPublicKey(ctap: [:]) }
        #expect(throws: CTAPStatus.invalidParameter) {
            try KeyAgreementPublicKey(ctap: [1: 2, 3: -25, -1: 1, -2: zero, -3: zero])
        }
        for item in RequestDecodingTests.values where item.map == nil {
            #expect(throws: CTAPStatus.cborUnexpectedType) { try KeyAgreementPublicKey(ctap: item) }
        }
    }

    @Test("a key's algorithm does not matter, and neither do further members")
    func lenientKey() throws {
        let key = try KeyAgreementPrivateKey(rawRepresentation: PINUVAuthVectors.authenticatorKey).publicKey
        var map = try #require(key.ctap.map)
        map[3] = -7
        map[99] = "more"
        #expect(try KeyAgreementPublicKey(ctap: .map(map)) == key)
        map[3] = nil
        #expect(try KeyAgreementPublicKey(ctap: .map(map)) == key)
    }

    @Test("scalars that are none are refused, and a generator that is stuck is noticed")
    func privateKeys() {
        for bytes in [[], [UInt8](repeating: 0, count: 32), [UInt8](repeating: 0xFF, count: 32), [1, 2, 3]] {
            #expect(throws: PINUVAuthError.notAPrivateKey) { try KeyAgreementPrivateKey(rawRepresentation: bytes) }
        }
        var stuck = ListedGenerator([])
        #expect(throws: PINUVAuthError.noKeyDrawn) { try KeyAgreementPrivateKey(using: &stuck) }
    }

    @Test("secrets do not show in descriptions")
    func secrecy() throws {
        let key = try KeyAgreementPrivateKey(rawRepresentation: PINUVAuthVectors.platformKey)
        let secret = try #require(try secrets(.two).first)
        let values = try #require(PRFValues(first: PINUVAuthVectors.platformKey))
        for text in ["\(key)", "\(secret)", "\(values)", String(reflecting: values)] {
            #expect(!text.contains("66") && !text.contains("0x"), "\(text)")
        }
        var dumped = ""
        dump(key, to: &dumped)
        dump(secret, to: &dumped)
        dump(values, to: &dumped)
        #expect(dumped.split(separator: "\n").count == 3, "\(dumped)")
        for error in [PINUVAuthError.notAPrivateKey, .noKeyDrawn, .length(3), .library("x")] {
            #expect("\(error)".contains(" "))
        }
    }
}
