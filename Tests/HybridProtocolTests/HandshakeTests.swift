import Crypto
import FoundationEssentials
import TestSupport
import Testing

@testable import HybridProtocol

@Suite struct HandshakeTests {
    typealias PrivateKey = P256.KeyAgreement.PrivateKey

    static func key(_ vector: HybridVector, _ name: String) throws -> PrivateKey {
        try PrivateKey(rawRepresentation: vector.inputs.bytes(name))
    }

    @Test("published handshakes", arguments: try HybridVector.group("handshake"))
    func vector(_ vector: HybridVector) throws {
        let isLinked = vector.id.hasPrefix("nkpsk0")
        let psk = SymmetricKey(data: try (isLinked ? vector.outputs : vector.inputs).bytes("psk"))
        let clientEphemeral = try Self.key(vector, "client_ephemeral_priv")
        let identity = try Self.key(vector, isLinked ? "authenticator_identity_priv" : "client_identity_priv")

        // 1. The client platform's side.
        let initiator = try HandshakeInitiator(
            psk: psk,
            pattern: isLinked ? .nkpsk0(authenticatorIdentity: identity.publicKey) : .knpsk0(identityKey: identity),
            ephemeralKey: clientEphemeral)
        #expect(initiator.message1 == (try vector.outputs.bytes("msg1")))
        let message2 = try (vector.inputs["msg2"] == nil ? vector.outputs : vector.inputs).bytes("msg2")
        let initiated = try initiator.finish(message2: message2)
        #expect(initiated.handshakeHash == (try vector.outputs.bytes("handshake_hash")))

        // 2. The authenticator's side, where its ephemeral key is known.
        if vector.inputs["authenticator_ephemeral_priv"] != nil {
            let responded = try HandshakeResponder.respond(
                to: initiator.message1, psk: psk,
                pattern: isLinked ? .nkpsk0(identityKey: identity) : .knpsk0(clientIdentity: identity.publicKey),
                ephemeralKey: Self.key(vector, "authenticator_ephemeral_priv"))
            #expect(responded.message2 == message2)
            #expect(responded.result.handshakeHash == initiated.handshakeHash)
        }

        // 3. The keys.
        var client = initiated.cipher
        var authenticator = HybridTransportCipher(
            sendKey: SymmetricKey(data: try vector.outputs.bytes("r2i_key")),
            receiveKey: SymmetricKey(data: try vector.outputs.bytes("i2r_key")))
        #expect(try authenticator.open(client.seal([0])) == [0])
        #expect(try client.open(authenticator.seal([1, 0])) == [1, 0])
    }

    @Test("the first messages of a published handshake are encrypted as published")
    func firstMessages() throws {
        let vector = try HybridVector.named("knpsk0-generated")
        var sealer = HybridSealer(key: SymmetricKey(data: try vector.outputs.bytes("i2r_key")))
        #expect(try sealer.seal([0]) == vector.outputs.bytes("shutdown_i2r_seq0"))
        #expect(try sealer.seal([1, 4]) == vector.outputs.bytes("getinfo_i2r_seq1"))
        // The construction before CTAP 2.2 is not understood.
        var opener = HybridOpener(key: SymmetricKey(data: try vector.outputs.bytes("i2r_key")))
        let old = try vector.outputs.bytes("old_construction_shutdown_i2r_seq0")
        #expect(throws: HybridCipherError.authenticationFailed) { try opener.open(old) }
    }

    @Test("the keys, advertisement and payload of a published state-assisted transaction")
    func stateAssisted() throws {
        let vector = try HybridVector.named("nkpsk0-generated")
        let secret = try vector.inputs.bytes("link_secret")
        let nonce = try vector.inputs.bytes("client_nonce")
        let eid = try #require(HybridEID(bytes: try vector.inputs.bytes("eid_plaintext")))
        let eidKey = HybridKeyDerivation.eidKey(secret: secret, clientNonce: nonce)
        #expect(
            eidKey.encryptionKey.keyBytes + eidKey.authenticationKey.keyBytes == (try vector.outputs.bytes("eid_key")))
        #expect(try HybridAdvertisement.seal(eid: eid, eidKey: eidKey) == vector.outputs.bytes("advert"))
        #expect(HybridKeyDerivation.psk(secret: secret, eid: eid).keyBytes == (try vector.outputs.bytes("psk")))
        let payload = ClientPayload(
            linkID: [UInt8](repeating: 0, count: 8), clientNonce: nonce, operationHint: .getAssertion)
        #expect(payload?.encoded() == (try vector.outputs.bytes("client_payload_link_id_zero")))
    }

    /// Both sides of a handshake with keys from a generator.
    struct Parties {
        var generator: SeededGenerator
        let psk: SymmetricKey
        let identity: PrivateKey
        let isLinked: Bool

        init(seed: UInt64, isLinked: Bool) throws {
            generator = SeededGenerator(seed: seed)
            psk = SymmetricKey(data: generator.bytes(32))
            identity = try HybridKeyGeneration.privateKey(using: &generator)
            self.isLinked = isLinked
        }

        mutating func initiator() throws(HandshakeError) -> HandshakeInitiator {
            try HandshakeInitiator(
                psk: psk,
                pattern: isLinked
                    ? .nkpsk0(authenticatorIdentity: identity.publicKey) : .knpsk0(identityKey: identity),
                using: &generator)
        }

        mutating func respond(
            to message1: [UInt8], psk otherPSK: SymmetricKey? = nil, identity otherIdentity: PrivateKey? = nil
        ) throws(HandshakeError) -> (message2: [UInt8], result: HandshakeResult) {
            let identity = otherIdentity ?? identity
            return try HandshakeResponder.respond(
                to: message1, psk: otherPSK ?? psk,
                pattern: isLinked ? .nkpsk0(identityKey: identity) : .knpsk0(clientIdentity: identity.publicKey),
                using: &generator)
        }
    }

    @Test("both sides agree, and messages pass both ways", arguments: [false, true])
    func roundTrip(isLinked: Bool) throws {
        for seed in 0..<10 {
            var parties = try Parties(seed: UInt64(seed), isLinked: isLinked)
            let initiator = try parties.initiator()
            let responded = try parties.respond(to: initiator.message1)
            let initiated = try initiator.finish(message2: responded.message2)
            #expect(initiated.handshakeHash == responded.result.handshakeHash)
            var client = initiated.cipher
            var authenticator = responded.result.cipher
            for count in 0..<70 {
                let message = parties.generator.bytes(count)
                #expect(try authenticator.open(client.seal(message)) == message)
                #expect(try client.open(authenticator.seal(message)) == message)
            }
        }
    }

    @Test("a handshake message with any byte changed, missing or added is refused", arguments: [false, true])
    func tampering(isLinked: Bool) throws {
        var parties = try Parties(seed: 11, isLinked: isLinked)
        let initiator = try parties.initiator()
        let message1 = initiator.message1
        let message2 = try parties.respond(to: message1).message2
        for index in 0..<HandshakeMessage.byteCount {
            for mask in [UInt8(1), 0x80] {
                var changed1 = message1
                changed1[index] ^= mask
                #expect(throws: HandshakeError.self) { try parties.respond(to: changed1) }
                var changed2 = message2
                changed2[index] ^= mask
                #expect(throws: HandshakeError.self) { try initiator.finish(message2: changed2) }
            }
        }
        for wrong in [[], [UInt8(4)], Array(message1.dropLast()), message1 + [0]] {
            #expect(throws: HandshakeError.wrongLength(wrong.count)) { try parties.respond(to: wrong) }
            #expect(throws: HandshakeError.wrongLength(wrong.count)) { try initiator.finish(message2: wrong) }
        }
    }

    @Test("another pre-shared key, identity or pattern is refused", arguments: [false, true])
    func wrongParty(isLinked: Bool) throws {
        var parties = try Parties(seed: 12, isLinked: isLinked)
        let initiator = try parties.initiator()
        let message1 = initiator.message1
        let otherPSK = SymmetricKey(data: [UInt8](repeating: 9, count: 32))
        let other = try HybridKeyGeneration.privateKey(using: &parties.generator)
        #expect(throws: HandshakeError.authenticationFailed) { try parties.respond(to: message1, psk: otherPSK) }
        #expect(throws: HandshakeError.authenticationFailed) { try parties.respond(to: message1, identity: other) }
        var otherPattern = try Parties(seed: 12, isLinked: !isLinked)
        #expect(throws: HandshakeError.authenticationFailed) { try otherPattern.respond(to: message1) }
        // An answer to another first message.
        let foreign = try parties.respond(to: try parties.initiator().message1).message2
        #expect(throws: HandshakeError.authenticationFailed) { try initiator.finish(message2: foreign) }
        // A message sent back to where it came from.
        #expect(throws: HandshakeError.authenticationFailed) { try initiator.finish(message2: message1) }
    }

    @Test("points that are not uncompressed and on the curve are refused")
    func invalidPoints() throws {
        var parties = try Parties(seed: 13, isLinked: false)
        let tag = [UInt8](repeating: 0, count: 16)
        let point = Array(parties.identity.publicKey.x963Representation)
        let points = [
            [UInt8](repeating: 0, count: 65), [4] + [UInt8](repeating: 0, count: 64), [6] + point.dropFirst(),
            [7] + point.dropFirst(), [2] + point.dropFirst(), [4] + [UInt8](repeating: 0xFF, count: 64),
        ]
        for bytes in points {
            #expect(throws: HandshakeError.invalidPublicKey) { try parties.respond(to: bytes + tag) }
        }
    }

    @Test("descriptions keep the keys")
    func redaction() throws {
        var parties = try Parties(seed: 14, isLinked: false)
        let initiator = try parties.initiator()
        let result = try parties.respond(to: initiator.message1).result
        for text in ["\(initiator)", "\(result)", "\(result.cipher)", "\(result.cipher.sealer)"] {
            #expect(text.contains("withheld"))
        }
    }
}
