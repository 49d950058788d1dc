import CBOR
import Crypto
import TestSupport
import Testing

@testable import HybridProtocol

/// Whatever a peer sends, decoders answer or refuse.
@Suite struct HybridGarbageTests {
    private static let count = 5_000

    /// Random bytes, and valid bytes with a few changes.
    private static func inputs(seed: UInt64, from valid: [UInt8]) -> [[UInt8]] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { round in
            if round.isMultiple(of: 2) { return generator.bytes(Int.random(in: 0...100, using: &generator)) }
            var bytes = valid
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                guard let index = bytes.indices.randomElement(using: &generator) else { break }
                switch Int.random(in: 0...2, using: &generator) {
                case 0: bytes[index] = .random(in: .min ... .max, using: &generator)
                case 1: bytes.remove(at: index)
                default: bytes.insert(.random(in: .min ... .max, using: &generator), at: index)
                }
            }
            return bytes
        }
    }

    private static func tryAll(seed: UInt64, from valid: [UInt8], _ decode: ([UInt8]) throws -> Void) -> Int {
        var refused = 0
        for input in inputs(seed: seed, from: valid) {
            do { try decode(input) } catch { refused += 1 }
        }
        return refused
    }

    @Test("QR codes")
    func qrCode() throws {
        let url = try #require(HybridVector.named("qr-chrome-pre-2.2").inputs["url"]?.string)
        let content = try HybridDigits.decode(url.dropFirst(6))
        let refused = Self.tryAll(seed: 40, from: content) {
            _ = try HybridQRCode(url: "FIDO:/" + HybridDigits.encode($0))
        }
        #expect(refused > Self.count / 2)
        let text = Self.tryAll(seed: 41, from: Array(url.utf8)) {
            _ = try HybridQRCode(url: String(decoding: $0, as: UTF8.self))
        }
        #expect(text > Self.count / 2)
    }

    @Test("advertisements, their suffixes and advertising data")
    func advertisement() throws {
        let vector = try HybridVector.named("advert-kanidm")
        let eidKey = HybridKeyDerivation.eidKey(secret: try vector.inputs.bytes("secret"))
        let valid = try vector.inputs.bytes("advert")
        var opened = 0
        for input in Self.inputs(seed: 42, from: valid) {
            if HybridAdvertisement.open(serviceData: input, eidKey: eidKey) != nil {
                #expect(Array(input.prefix(20)) == valid)
                opened += 1
            }
            _ = AdvertisementSuffix(decoding: input)
            _ = HybridServiceData.serviceData(in: input)
            _ = HybridEID(bytes: input)
        }
        #expect(opened < 200)
    }

    @Test("tunnel paths and headers")
    func tunnelPath() {
        let valid = Array("/cable/connect/c0ffee/68656c6c6f2c20776562617574686e21".utf8)
        for input in Self.inputs(seed: 43, from: valid) {
            let text = String(decoding: input, as: UTF8.self)
            if let path = TunnelPath(path: text) { #expect(path.path == text.lowercased()) }
            _ = ClientPayload(headerValue: text)
        }
    }

    @Test("handshake messages")
    func handshake() throws {
        var parties = try HandshakeTests.Parties(seed: 44, isLinked: false)
        let initiator = try parties.initiator()
        let message1 = initiator.message1
        let message2 = try parties.respond(to: message1).message2
        for input in Self.inputs(seed: 45, from: message1) where input != message1 {
            #expect(throws: HandshakeError.self) { try parties.respond(to: input) }
        }
        for input in Self.inputs(seed: 46, from: message2) where input != message2 {
            #expect(throws: HandshakeError.self) { try initiator.finish(message2: input) }
        }
    }

    @Test("ciphertexts")
    func ciphertext() throws {
        let key = SymmetricKey(data: [UInt8](repeating: 1, count: 32))
        var sealer = HybridSealer(key: key)
        var opener = HybridOpener(key: key)
        let valid = try sealer.seal([1, 4])
        for input in Self.inputs(seed: 47, from: valid) where input != valid {
            #expect(throws: HybridCipherError.self) { try opener.open(input) }
        }
        #expect(try opener.open(valid) == [1, 4])
    }

    @Test("messages, linking information and client payloads")
    func messages() throws {
        let update = try HybridVector.named("update-linking-generated").outputs.bytes("message")
        let refused = Self.tryAll(seed: 48, from: update) { _ = try HybridMessage(decoding: $0).linkingInformation() }
        #expect(refused > Self.count / 2)
        let first = try HybridVector.named("posthandshake-ios16").inputs.bytes("message")
        let refusedFirst = Self.tryAll(seed: 49, from: first) { _ = try PostHandshakeMessage(decoding: $0) }
        #expect(refusedFirst > Self.count / 2)
        let payload = try #require(
            ClientPayload(
                linkID: [UInt8](repeating: 1, count: 8), clientNonce: [UInt8](repeating: 1, count: 16),
                operationHint: .getAssertion))
        for input in Self.inputs(seed: 50, from: payload.encoded()) { _ = ClientPayload(decoding: input) }
    }

    @Test("L2CAP streams")
    func stream() throws {
        let valid = L2CAPFraming.frame([UInt8](repeating: 0x0D, count: 81))
        for input in Self.inputs(seed: 51, from: valid) {
            var receiver = L2CAPReceiver()
            try receiver.receive(input)
            do {
                _ = try receiver.nextHandshakeMessage()
                _ = try receiver.nextMessage { _ in Bool?.none }
            } catch {
                #expect(error == .missingEndOfMessage)
            }
        }
    }

    @Test("every vector belongs to a group that is tested here")
    func groups() throws {
        let tested: Set = [
            "digits", "qr", "kdf", "domain", "advert", "advert-suffix", "handshake", "messages", "padding", "linking",
            "tunnel", "l2cap",
        ]
        #expect(Set(try HybridVector.all().map(\.group)) == tested)
    }
}
