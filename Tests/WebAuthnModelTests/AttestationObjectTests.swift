import CBOR
import TestSupport
import Testing
import WebAuthnModel

@Suite struct AttestationObjectTests {
    @Test("Its members are in canonical order, the shorter name first")
    func bytes() throws {
        let object = AttestationObject(format: .none, statement: CBORMap(), authenticatorData: [1, 2])
        #expect(object.encoded.hex == "a363666d74646e6f6e656761747453746d74a068617574684461746142" + "0102")
        #expect(try AttestationObject(decoding: object.encoded) == object)
    }

    static let rejectionCases: [(CBORValue, AttestationObjectError)] = [
        (CBORValue.null, AttestationObjectError.notAMap), ([:], .member("fmt")), (["fmt": 1], .member("fmt")),
        (["fmt": "none"], .member("attStmt")), (["fmt": "none", "attStmt": [:]], .member("authData")),
        (["fmt": "none", "attStmt": [:], "authData": "text"], .member("authData")),
    ]

    @Test("Malformed objects are refused with their reason", arguments: rejectionCases)
    func rejection(item: CBORValue, error: AttestationObjectError) {
        #expect(throws: error) { try AttestationObject(decoding: CBOREncoder.encode(item)) }
    }

    @Test("An AAGUID is written as metadata statements write it")
    func aaguid() throws {
        let aaguid = try #require(AAGUID(Array(0..<16)))
        #expect(aaguid.description == "00010203-0405-0607-0809-0a0b0c0d0e0f")
        #expect(AAGUID([1, 2, 3]) == nil)
        #expect(AAGUID.zero.bytes == [UInt8](repeating: 0, count: 16))
    }
}
