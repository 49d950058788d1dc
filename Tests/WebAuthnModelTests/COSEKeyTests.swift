import CBOR
import TestSupport
import Testing
import WebAuthnModel

@Suite struct COSEKeyTests {
    static let keys: [COSEKey] = [
        .ec2(algorithm: .es256, curve: .p256, x: .init(repeating: 1, count: 32), y: .init(repeating: 2, count: 32)),
        .ec2(algorithm: .es384, curve: .p384, x: .init(repeating: 1, count: 48), y: .init(repeating: 2, count: 48)),
        .ec2(algorithm: .es512, curve: .p521, x: .init(repeating: 1, count: 66), y: .init(repeating: 2, count: 66)),
        .ec2(
            algorithm: .es256K, curve: .secp256k1, x: .init(repeating: 1, count: 32), y: .init(repeating: 2, count: 32)),
        .okp(algorithm: .edDSA, curve: .ed25519, x: .init(repeating: 3, count: 32)),
        .rsa(algorithm: .rs256, modulus: .init(repeating: 4, count: 256), exponent: [1, 0, 1]),
    ]

    @Test("Every kind of key survives its encoding", arguments: keys)
    func roundTrip(key: COSEKey) throws {
        let item = try CBORDecoder.decode(CBOREncoder.encode(key.cbor))
        #expect(try COSEKey(item) == key)
    }

    static let rejectionCases: [(CBORValue, COSEKeyError)] = [
        (CBORValue.null, COSEKeyError.notAMap), ([:], .member(1)), ([1: 2], .member(3)), ([1: 9, 3: -7], .keyType(9)),
        ([1: "2", 3: -7], .member(1)), ([1: 2, 3: -7], .member(-1)), ([1: 2, 3: -7, -1: 6], .curve(6)),
        ([1: 1, 3: -8, -1: 1], .curve(1)), ([1: 2, 3: -7, -1: 99], .curve(99)), ([1: 2, 3: -7, -1: 1], .member(-2)),
        ([1: 2, 3: -7, -1: 1, -2: .bytes([1])], .coordinateLength), ([1: 3, 3: -257, -1: 5], .member(-1)),
        (
            [1: 1, 3: -8, -1: 6, -2: .bytes(.init(repeating: 0, count: 32)), -4: .bytes([1])],
            .extraMember
        ),
    ]

    @Test("Malformed keys are refused with their reason", arguments: rejectionCases)
    func rejection(item: CBORValue, error: COSEKeyError) {
        #expect(throws: error) { try COSEKey(item) }
    }
}
