import CBOR
import CTAP
import Foundation
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@testable import CredentialStorage

@Suite("What is sealed of a credential")
struct CredentialSecretsTests {
    private static let key = [UInt8](repeating: 0, count: 31) + [1]

    /// A credential with everything, or with what is never absent.
    private static func source(_ properties: CredentialProperties, names: Bool) throws -> CredentialSource {
        CredentialSource(
            id: [1], relyingPartyID: "manual.example", userHandle: [4, 5], userName: names ? "ann" : nil,
            userDisplayName: names ? "Ann" : nil,
            privateKey: try CredentialPrivateKey(algorithm: .es256, rawRepresentation: SecretBytes(key)),
            isDiscoverable: true, properties: properties)
    }

    private static let full = CredentialProperties(
        protection: .userVerificationRequired, blob: [6], largeBlobKey: SecretBytes([UInt8](repeating: 7, count: 32)),
        hasRoomForLargeBlob: true, largeBlob: LargeBlobData(compressed: [8], originalSize: 9),
        isThirdPartyPaymentEnabled: true)

    @Test("has the documented form")
    func fixed() throws {
        let least = CredentialSecrets(try Self.source(CredentialProperties(), names: false)).encoded
        #expect(least.hex == "a301" + "5820" + Self.key.hex + "02420405" + "0901")
        let most = CredentialSecrets(try Self.source(Self.full, names: true)).encoded
        #expect(
            most.hex == "a901" + "5820" + Self.key.hex + "02420405" + "0363616e6e" + "0463416e6e" + "054106" + "065820"
                + String(repeating: "07", count: 32) + "07a201410802" + "09" + "08f5" + "0903")
    }

    @Test("survives a round trip, in CBOR and in the JSON of earlier rows")
    func roundTrip() throws {
        let rooms = [
            CredentialProperties(), Self.full, CredentialProperties(hasRoomForLargeBlob: true),
        ]
        for properties in rooms {
            for names in [false, true] {
                let secrets = CredentialSecrets(try Self.source(properties, names: names))
                #expect(try CredentialSecrets(decoding: secrets.encoded) == secrets)
                #expect(try CredentialSecrets(decoding: Array(try JSONEncoder().encode(secrets))) == secrets)
                let source = try secrets.source(
                    id: [1], relyingPartyID: "manual.example", algorithm: -7, supplement: .none)
                #expect(source == (try Self.source(properties, names: names)))
            }
        }
    }

    @Test(
        "is refused when it is anything else",
        arguments: [
            "", "00", "a0", "a10141aa", "a10241aa", "a2010102" + "41aa", "a20141aa0201", "a30141aa0241aa0301",
            "a30141aa0241aa0401", "a30141aa0241aa0501", "a30141aa0241aa0601", "a30141aa0241aa0701",
            "a30141aa0241aa07a1" + "0101", "a30141aa0241aa07a1" + "0241aa", "a30141aa0241aa07a1" + "0301",
            "a30141aa0241aa0801", "a30141aa0241aa0941aa", "a30141aa0241aa09190100", "a30141aa0241aa0920",
            "a20141aa0241aa00", "a30141aa0241aa0a01", "a30141aa0241aa2001", "a20241aa0141aa", "bf0141aa0241aaff",
            "7b7d", "7b", "7b22707269766174654b6579223a317d",
        ])
    func rejection(hex: String) throws {
        let bytes = try #require([UInt8](hex: hex))
        #expect(throws: CredentialSecretsError.malformed) { try CredentialSecrets(decoding: bytes) }
    }

    @Test("with a protection that does not exist is no credential's", arguments: [0, 4, 255])
    func protection(number: UInt64) throws {
        let map: CBORValue = [1: .bytes(Self.key), 2: .bytes([4]), 9: .unsigned(number)]
        let secrets = try CredentialSecrets(decoding: CBOREncoder.encode(map))
        #expect(throws: CredentialSecretsError.unknownProtection) {
            try secrets.source(id: [1], relyingPartyID: "a", algorithm: -7, supplement: .none)
        }
    }
}
