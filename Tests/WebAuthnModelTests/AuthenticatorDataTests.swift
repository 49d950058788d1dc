import CBOR
import TestSupport
import Testing
import WebAuthnModel

@Suite struct AuthenticatorDataTests {
    static let hash = [UInt8](repeating: 0xAB, count: 32)
    static let key = COSEKey.ec2(
        algorithm: .es256, curve: .p256, x: [UInt8](repeating: 1, count: 32), y: [UInt8](repeating: 2, count: 32))

    static func map(_ name: String, _ value: Int) -> CBORMap {
        var map = CBORMap()
        map[.text(name)] = CBORValue(value)
        return map
    }

    static func registration(extensions: CBORMap? = nil) throws -> AuthenticatorData {
        let aaguid = try #require(AAGUID(Array(0..<16)))
        return AuthenticatorData(
            relyingPartyIDHash: hash, flags: [.userPresent, .userVerified], signatureCounter: 0x0102_0304,
            attestedCredentialData: AttestedCredentialData(aaguid: aaguid, credentialID: [9, 8, 7], publicKey: key),
            extensions: extensions)
    }

    @Test("An assertion's data has 37 bytes in the specified order")
    func assertionBytes() throws {
        let data = AuthenticatorData(relyingPartyIDHash: Self.hash, flags: [.userPresent], signatureCounter: 258)
        #expect(data.encoded.hex == String(repeating: "ab", count: 32) + "01" + "00000102")
        #expect(try AuthenticatorData(decoding: data.encoded) == data)
    }

    @Test("A registration's data has the credential in the specified order")
    func registrationBytes() throws {
        let data = try Self.registration(extensions: Self.map("credProtect", 2))
        let expected =
            String(repeating: "ab", count: 32) + "c5" + "01020304" + "000102030405060708090a0b0c0d0e0f" + "0003"
            + "090807" + "a5010203262001215820" + String(repeating: "01", count: 32) + "225820"
            + String(repeating: "02", count: 32) + "a16b6372656450726f7465637402"
        #expect(data.encoded.hex == expected)
        #expect(try AuthenticatorData(decoding: data.encoded) == data)
    }

    @Test("The AT and ED flags follow from the parts")
    func derivedFlags() throws {
        var data = AuthenticatorData(
            relyingPartyIDHash: Self.hash, flags: [.attestedCredentialData, .extensionData], signatureCounter: 0)
        #expect(data.flags.isEmpty)
        data.extensions = CBORMap()
        #expect(data.flags == .extensionData)
    }

    @Test("Every shorter input, and every longer one, is refused")
    func lengths() throws {
        let bytes = try Self.registration(extensions: Self.map("a", 1)).encoded
        for count in 0..<bytes.count {
            #expect(throws: AuthenticatorDataError.self) { try AuthenticatorData(decoding: bytes.prefix(count)) }
        }
        #expect(throws: AuthenticatorDataError.trailingBytes) { try AuthenticatorData(decoding: bytes + [0]) }
    }

    static let defectsCases: [(Int, UInt8, AuthenticatorDataError)] = [
        (53, 0x04, .credentialIDTooLong),
        (58, 0xA6, .publicKeyEncoding(.mapKeyOutOfOrder(at: 77))),
    ]

    @Test("Defects are told apart", arguments: defectsCases)
    func defects(position: Int, value: UInt8, error: AuthenticatorDataError) throws {
        var bytes = try Self.registration().encoded
        bytes[position] = value
        if position == 58 { bytes += [0x00] + [0x00] }
        #expect(throws: error) { try AuthenticatorData(decoding: bytes) }
    }

    @Test("Random bytes never trap", arguments: [11, 12])
    func randomBytes(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let valid = try Self.registration(extensions: Self.map("a", 1)).encoded
        for _ in 0..<5_000 {
            var bytes = valid
            for _ in 0..<3 {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            guard let data = try? AuthenticatorData(decoding: bytes) else { continue }
            #expect(data.encoded == bytes, "seed \(seed)")
        }
    }
}
