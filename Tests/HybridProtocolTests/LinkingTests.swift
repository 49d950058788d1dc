import CBOR
import Crypto
import FoundationEssentials
import TestSupport
import Testing

@testable import HybridProtocol

@Suite struct LinkingTests {
    typealias PrivateKey = P256.KeyAgreement.PrivateKey

    /// The key that BoringSSL's `EC_KEY_derive_from_secret` makes of a seed, as Chromium's test data needs it.
    static func key(seed: [UInt8]) throws -> PrivateKey {
        let wide = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: seed), salt: [UInt8](), info: Array("derive EC key P-256".utf8),
            outputByteCount: 48
        ).keyBytes
        let order = try #require(
            [UInt8](hex: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"))
        // Remainder, bit by bit; one byte in front takes the carry.
        var remainder = [UInt8](repeating: 0, count: 33)
        let modulus = [0] + order
        for bit in 0..<(wide.count * 8) {
            var carry = wide[bit / 8] >> UInt8(7 - bit % 8) & 1
            for index in remainder.indices.reversed() {
                let next = remainder[index] >> 7
                remainder[index] = remainder[index] << 1 | carry
                carry = next
            }
            if remainder.lexicographicallyPrecedes(modulus) { continue }
            var borrow = 0
            for index in remainder.indices.reversed() {
                let difference = Int(remainder[index]) - Int(modulus[index]) - borrow
                borrow = difference < 0 ? 1 : 0
                remainder[index] = UInt8(truncatingIfNeeded: difference)
            }
        }
        return try PrivateKey(rawRepresentation: remainder.dropFirst())
    }

    @Test("published linking data", arguments: try HybridVector.group("linking"))
    func vector(_ vector: HybridVector) throws {
        switch vector.id {
        case "linking-signature-chromium-seeds":
            let authenticator = try Self.key(seed: vector.inputs.bytes("authenticator_seed"))
            let client = try Self.key(seed: vector.inputs.bytes("client_seed"))
            #expect(
                Array(authenticator.publicKey.x963Representation) == (try vector.outputs.bytes("authenticator_pub")))
            #expect(Array(client.publicKey.x963Representation) == (try vector.outputs.bytes("client_pub")))
            let hash = try vector.inputs.bytes("handshake_hash")
            let linking = try Self.linking(authenticator, client, hash)
            #expect(linking.signature == (try vector.outputs.bytes("signature")))
            #expect(linking.isSigned(for: client, handshakeHash: hash))
        case "update-linking-generated":
            try update(vector)
        case "client-payload":
            let payload = try #require(
                ClientPayload(
                    linkID: try vector.inputs.bytes("link_id"), clientNonce: try vector.inputs.bytes("client_nonce"),
                    operationHint: .getAssertion))
            let header = try #require(vector.outputs["header_value"]?.string)
            #expect(payload.headerValue == header)
            #expect(ClientPayload(headerValue: header.uppercased()) == payload)
        default:
            Issue.record("no test for \(vector.id)")
        }
    }

    private func update(_ vector: HybridVector) throws {
        let session = try HybridVector.named("knpsk0-generated")
        let hash = try session.outputs.bytes("handshake_hash")
        let client = try HandshakeTests.key(session, "client_identity_priv")
        let key = try HandshakeTests.key(vector, "authenticator_link_identity_priv")
        let bytes = try vector.outputs.bytes("message")
        let published = try #require(try HybridMessage(decoding: bytes).linkingInformation())
        #expect(published.isSigned(for: client, handshakeHash: hash))
        let linking = try LinkingInformation(
            contactID: published.contactID, linkID: published.linkID, linkSecret: published.linkSecret,
            name: published.name, identityKey: key, clientIdentity: client.publicKey, handshakeHash: hash)
        #expect(linking == published)
        #expect(linking.signature == (try vector.outputs.bytes("signature")))
        // The vector has the private member 999 of some authenticators besides, which is ignored.
        var map = linking.encoded()
        map[999] = true
        #expect([2] + CBOREncoder.encode([1: .map(map)]) == bytes)

        let responderKey = SymmetricKey(data: try session.outputs.bytes("r2i_key"))
        var sealer = HybridSealer(key: responderKey, counter: 1)
        #expect(try sealer.seal(bytes) == vector.outputs.bytes("ciphertext"))
        let padded = try vector.outputs.bytes("message_padded_with_key0")
        #expect(try HybridMessage(decoding: padded).linkingInformation() == linking)
        #expect(HybridMessage.linkingUpdate(linking).encoded().count == padded.count)
        sealer = HybridSealer(key: responderKey, counter: 1)
        let ciphertext = try sealer.seal(padded)
        #expect(ciphertext == (try vector.outputs.bytes("ciphertext_padded")))
        #expect(ciphertext.count == 528)
    }

    static func linking(
        _ authenticator: PrivateKey, _ client: PrivateKey, _ hash: [UInt8], nameLength: Int = 5
    ) throws -> LinkingInformation {
        try LinkingInformation(
            contactID: [1, 2, 3], linkID: [UInt8](repeating: 4, count: 8),
            linkSecret: [UInt8](repeating: 5, count: 32), name: String(repeating: "n", count: nameLength),
            identityKey: authenticator, clientIdentity: client.publicKey, handshakeHash: hash)
    }

    @Test("an update is as long with linking information as without")
    func updateLength() throws {
        var generator = SeededGenerator(seed: 20)
        let authenticator = try HybridKeyGeneration.privateKey(using: &generator)
        let client = try HybridKeyGeneration.privateKey(using: &generator)
        let key = SymmetricKey(data: generator.bytes(32))
        var sealer = HybridSealer(key: key)
        #expect(try sealer.seal(HybridMessage.linkingUpdate(nil).encoded()).count == 528)
        #expect(try HybridMessage.linkingUpdate(nil).linkingInformation() == nil)
        for nameLength in 0..<330 {
            let linking = try Self.linking(authenticator, client, [1], nameLength: nameLength)
            let update = HybridMessage.linkingUpdate(linking)
            #expect(try sealer.seal(update.encoded()).count == 528)
        }
        let long = HybridMessage.linkingUpdate(try Self.linking(authenticator, client, [1], nameLength: 2000))
        #expect(try long.linkingInformation()?.name.count == 2000)
    }

    @Test("a signature binds identity keys and handshake")
    func signature() throws {
        var generator = SeededGenerator(seed: 21)
        let authenticator = try HybridKeyGeneration.privateKey(using: &generator)
        let client = try HybridKeyGeneration.privateKey(using: &generator)
        let other = try HybridKeyGeneration.privateKey(using: &generator)
        let hash = generator.bytes(32)
        let linking = try Self.linking(authenticator, client, hash)
        #expect(linking.isSigned(for: client, handshakeHash: hash))
        #expect(!linking.isSigned(for: other, handshakeHash: hash))
        #expect(!linking.isSigned(for: client, handshakeHash: generator.bytes(32)))
        for index in 0..<32 {
            var map = linking.encoded()
            var signature = linking.signature
            signature[index] ^= 1
            map[6] = .bytes(signature)
            #expect(try !LinkingInformation(map).isSigned(for: client, handshakeHash: hash))
        }
        var map = linking.encoded()
        map[4] = .bytes(Array(other.publicKey.x963Representation))
        #expect(try !LinkingInformation(map).isSigned(for: client, handshakeHash: hash))
        map = linking.encoded()
        map[999] = true
        #expect(try LinkingInformation(map) == linking)
        #expect(!"\(linking)".contains("5, 5") && !String(reflecting: linking).contains("5, 5"))
    }

    @Test(
        "malformed linking information is refused by member",
        arguments: [
            (1, .contactID), (2, .linkID), (3, .linkSecret), (4, .authenticatorIdentity), (5, .name), (6, .signature),
        ] as [(CBORValue, LinkingInformationError)])
    func rejection(key: CBORValue, error: LinkingInformationError) throws {
        var generator = SeededGenerator(seed: 22)
        let authenticator = try HybridKeyGeneration.privateKey(using: &generator)
        let valid = try Self.linking(authenticator, authenticator, [1]).encoded()
        for value in [nil, 7, .bytes([]), .bytes([UInt8](repeating: 4, count: 65)), .bytes([1])] as [CBORValue?] {
            // Any non-empty byte string is a contact identifier.
            if key == 1, value?.bytes?.isEmpty == false { continue }
            var map = valid
            map[key] = value
            #expect(throws: error) { try LinkingInformation(map) }
        }
        var notAMap = CBORMap()
        notAMap[1] = 5
        #expect(throws: LinkingInformationError.notAMap) {
            try HybridMessage.update(notAMap).linkingInformation()
        }
    }

    @Test("parts of wrong length cannot be signed")
    func wrongParts() throws {
        var generator = SeededGenerator(seed: 23)
        let key = try HybridKeyGeneration.privateKey(using: &generator)
        for (contact, link, secret, error) in [
            (0, 8, 32, LinkingInformationError.contactID), (1, 7, 32, .linkID), (1, 8, 31, .linkSecret),
        ] {
            #expect(throws: error) {
                try LinkingInformation(
                    contactID: [UInt8](repeating: 1, count: contact), linkID: [UInt8](repeating: 1, count: link),
                    linkSecret: [UInt8](repeating: 1, count: secret), name: "", identityKey: key,
                    clientIdentity: key.publicKey, handshakeHash: [])
            }
        }
    }

    @Test("malformed client payloads are refused")
    func clientPayloadRejection() {
        let id = CBORValue.bytes([UInt8](repeating: 1, count: 8))
        let nonce = CBORValue.bytes([UInt8](repeating: 1, count: 16))
        #expect(
            ClientPayload(decoding: CBOREncoder.encode([1: id, 2: nonce, 3: "mc", 9: 1]))?.operationHint
                == .makeCredential)
        let malformed: [CBORValue] = [
            5, [:], [1: id, 2: nonce], [1: id, 3: "ga"], [2: nonce, 3: "ga"], [1: nonce, 2: nonce, 3: "ga"],
            [1: id, 2: id, 3: "ga"], [1: id, 2: nonce, 3: "dcp"], [1: id, 2: nonce, 3: "x"], [1: id, 2: nonce, 3: 1],
        ]
        for value in malformed { #expect(ClientPayload(decoding: CBOREncoder.encode(value)) == nil) }
        for text in ["", "a", "zz", "a3"] { #expect(ClientPayload(headerValue: text) == nil) }
    }
}
