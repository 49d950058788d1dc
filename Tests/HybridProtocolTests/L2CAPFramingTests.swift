import Crypto
import TestSupport
import Testing

@testable import HybridProtocol

@Suite struct L2CAPFramingTests {
    @Test("published frames", arguments: try HybridVector.group("l2cap"))
    func vector(_ vector: HybridVector) throws {
        let message1 = try HybridVector.named("knpsk0-generated").outputs.bytes("msg1")
        let stream = try vector.outputs.bytes("stream")
        #expect(L2CAPFraming.frame(message1) == stream)
        var receiver = L2CAPReceiver()
        try receiver.receive(stream)
        #expect(try receiver.nextHandshakeMessage() == message1)
        #expect(receiver.pendingByteCount == 0)
    }

    /// A sealer and the closure's opener with one key.
    static func ciphers() -> (HybridSealer, HybridOpener) {
        let key = SymmetricKey(data: [UInt8](repeating: 8, count: 32))
        return (HybridSealer(key: key), HybridOpener(key: key))
    }

    static func attempt(_ opener: inout HybridOpener, _ ciphertext: [UInt8]) -> [UInt8]? {
        do {
            return try opener.open(ciphertext)
        } catch {
            return nil
        }
    }

    @Test("messages come out whole however the stream is cut", arguments: [1, 2, 3, 50, 81, 82, 83, 84, 1000, 100_000])
    func pieces(size: Int) throws {
        var generator = SeededGenerator(seed: 30)
        var (sealer, opener) = Self.ciphers()
        let handshake = generator.bytes(81)
        let messages = (0..<60).map { generator.bytes($0 * 7) }
        var stream = L2CAPFraming.frame(handshake)
        for message in messages { stream += L2CAPFraming.frame(try sealer.seal(message)) }

        var receiver = L2CAPReceiver()
        var received: [[UInt8]] = []
        var receivedHandshake: [UInt8]?
        while !stream.isEmpty {
            try receiver.receive(stream.prefix(size))
            stream.removeFirst(min(size, stream.count))
            if receivedHandshake == nil { receivedHandshake = try receiver.nextHandshakeMessage() }
            guard receivedHandshake != nil else { continue }
            while let message = try receiver.nextMessage(opening: { Self.attempt(&opener, $0) }) {
                received.append(message)
            }
        }
        #expect(receivedHandshake == handshake)
        #expect(received == messages)
        #expect(receiver.pendingByteCount == 0)
    }

    @Test("a marker inside a ciphertext does not end the message")
    func ambiguity() throws {
        // A key under which the ciphertext of some message has the marker where one may end.
        for seed in 0..<200_000 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let key = SymmetricKey(data: generator.bytes(32))
            let message = [UInt8](repeating: 0, count: 70)
            var sealer = HybridSealer(key: key)
            let ciphertext = try sealer.seal(message)
            guard Array(ciphertext[48..<50]) == L2CAPFraming.endOfMessage else { continue }
            var opener = HybridOpener(key: key)
            var receiver = L2CAPReceiver()
            try receiver.receive(L2CAPFraming.frame(ciphertext))
            var attempts = 0
            let opened = try receiver.nextMessage { candidate in
                attempts += 1
                return Self.attempt(&opener, candidate)
            }
            #expect(opened == message)
            #expect(attempts == 2)
            return
        }
        Issue.record("no key found")
    }

    @Test("a marker inside a handshake message does not end it")
    func handshakeAmbiguity() throws {
        let message = [UInt8](repeating: 0x0D, count: 40) + [UInt8](repeating: 0x0A, count: 41)
        var receiver = L2CAPReceiver()
        try receiver.receive(L2CAPFraming.frame(message))
        #expect(try receiver.nextHandshakeMessage() == message)
    }

    @Test("a type byte before the padding is allowed for")
    func paddedBeforeType() throws {
        let key = SymmetricKey(data: [UInt8](repeating: 8, count: 32))
        let nonce = try AES.GCM.Nonce(data: [UInt8](repeating: 0, count: 12))
        let box = try AES.GCM.seal([1] + HybridPadding.pad([4]), using: key, nonce: nonce)
        var (_, opener) = Self.ciphers()
        var receiver = L2CAPReceiver()
        try receiver.receive(L2CAPFraming.frame(Array(box.ciphertext) + Array(box.tag)))
        #expect(try receiver.nextMessage(opening: { Self.attempt(&opener, $0) }) == [1, 4])
    }

    @Test("streams that are not messages are refused")
    func rejection() throws {
        var receiver = L2CAPReceiver()
        try receiver.receive([UInt8](repeating: 0, count: 82))
        #expect(try receiver.nextHandshakeMessage() == nil)
        try receiver.receive([0])
        #expect(throws: L2CAPFramingError.missingEndOfMessage) { try receiver.nextHandshakeMessage() }

        receiver = L2CAPReceiver()
        try receiver.receive([UInt8](repeating: 0, count: L2CAPReceiver.maximumMessageByteCount + 2))
        #expect(throws: L2CAPFramingError.messageTooLong) { try receiver.receive([0]) }
        #expect(try receiver.nextMessage { _ in Bool?.none } == nil)

        receiver = L2CAPReceiver()
        let markers = Array(repeatElement(L2CAPFraming.endOfMessage, count: 10_000).joined())
        try receiver.receive(markers)
        var attempts = 0
        #expect(throws: L2CAPFramingError.unintelligible) {
            try receiver.nextMessage { _ -> Bool? in
                attempts += 1
                return nil
            }
        }
        #expect(attempts == L2CAPReceiver.maximumFailedOpenings)
    }
}
