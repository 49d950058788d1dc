import Crypto
import Foundation
import TestSupport
import Testing

@testable import SoftwareAuthenticator

@Suite("ECDSA signatures in DER")
struct ECDSASignatureTests {
    @Test(
        "each number is in its shortest form, and none is negative",
        arguments: [
            ("01" + "02", "3006 0201 01 0201 02"), ("7f" + "80", "3007 0201 7f 0202 0080"),
            ("00ff" + "0100", "3008 0202 00ff 0202 0100"), ("0001" + "007f", "3006 0201 01 0201 7f"),
            (
                String(repeating: "ff", count: 66) + String(repeating: "7f", count: 66),
                "308189 0243 00" + String(repeating: "ff", count: 66) + "0242" + String(repeating: "7f", count: 66)
            ),
        ])
    func fixed(raw: String, der: String) throws {
        let raw = try #require([UInt8](hex: raw))
        #expect(ECDSASignature.der(raw: raw).hex == der.replacing(" ", with: ""))
    }

    @Test("are what the library writes, whatever the numbers begin with")
    func library() throws {
        var generator = SeededGenerator(seed: 1)
        for round in 0..<2000 {
            // Numbers of all lengths, with and without the highest bit.
            func number(_ byteCount: Int) -> [UInt8] {
                let zeros = Int.random(in: 0..<6, using: &generator)
                let first = UInt8.random(in: 1...255, using: &generator)
                return [UInt8](repeating: 0, count: zeros) + [first] + generator.bytes(byteCount - zeros - 1)
            }
            let byteCount = [32, 48, 66][round % 3]
            let raw = number(byteCount) + number(byteCount)
            let expected: Data
            switch byteCount {
            case 32: expected = try P256.Signing.ECDSASignature(rawRepresentation: raw).derRepresentation
            case 48: expected = try P384.Signing.ECDSASignature(rawRepresentation: raw).derRepresentation
            default: expected = try P521.Signing.ECDSASignature(rawRepresentation: raw).derRepresentation
            }
            #expect(ECDSASignature.der(raw: raw) == Array(expected))
        }
    }
}
