import Crypto
import HybridProtocol
import TestSupport

/// The parts of a hybrid transaction that hold keys, and those that find messages in a stream.
extension FuzzedDecoder {
    static let hybridStreamDecoders = [
        FuzzedDecoder("hybrid-handshake-1") { input in
            var reader = InputReader(input)
            let options = reader.byte()
            let handshake = options & 1 == 1 ? FixedHandshake.linked : FixedHandshake.scanned
            if options & 2 == 2 {
                // Anything at all.
                require(attempt { try handshake.respond(to: reader.rest()) } == nil, "nobody knows the secret")
                return
            }
            // The right message, with bits changed.
            let mask = reader.rest()
            let answer = attempt { try handshake.respond(to: exclusiveOr(handshake.message1, mask)) }
            require((answer != nil) == isHarmless(mask, HandshakeMessage.byteCount), "every bit is authentic")
        },
        FuzzedDecoder("hybrid-handshake-2") { input in
            var reader = InputReader(input)
            let options = reader.byte()
            let handshake = options & 1 == 1 ? FixedHandshake.linked : FixedHandshake.scanned
            let mask = reader.rest()
            let message2 = options & 2 == 2 ? mask : exclusiveOr(handshake.message2, mask)
            let result = attempt { try handshake.initiator.finish(message2: message2) }
            require((result != nil) == (message2 == handshake.message2), "every bit is authentic")
            require(result == nil || result?.handshakeHash.count == 32, "a hash has 32 bytes")
        },
        FuzzedDecoder("hybrid-cipher") { input in
            let key = SymmetricKey(data: [UInt8](repeating: 5, count: 32))
            var reader = InputReader(input)
            if reader.byte() & 1 == 1 {
                // A peer that knows the key and pads as it likes.
                let nonce = [UInt8](repeating: 0, count: 12)
                let padded = reader.rest()
                let box = certain { try AES.GCM.seal(padded, using: key, nonce: AES.GCM.Nonce(data: nonce)) }
                var opener = HybridOpener(key: key)
                let message = attempt { try opener.open(Array(box.ciphertext) + Array(box.tag)) }
                require(message == nil || padded.starts(with: message ?? []), "padding is taken from the end")
                return
            }
            let message = reader.short()
            let mask = reader.rest()
            var sealer = HybridSealer(key: key)
            var opener = HybridOpener(key: key)
            let sealed = certain { try sealer.seal(message) }
            let received = exclusiveOr(sealed, mask)
            let opened = attempt { try opener.open(received) }
            require((opened != nil) == (received == sealed), "every bit is authentic")
            if opened == nil {
                require(attempt { try opener.open(sealed) } == message, "what is refused does not count")
            } else {
                require(opened == message, "a message survives")
            }
        },
        FuzzedDecoder("hybrid-l2cap") { input in
            var reader = InputReader(input)
            checkL2CAP(&reader)
        },
        FuzzedDecoder("tunnel-frames") { input in
            var reader = InputReader(input)
            var assembler = TunnelMessageAssembler(maximumByteCount: 64)
            while !reader.isEmpty {
                let head = reader.byte()
                do throws(TunnelMessageViolation) {
                    let message = try assembler.receive(
                        opcode: head & 15, isFinal: head & 0x80 != 0, payload: reader.short())
                    require(message.map { 1...64 ~= $0.count } ?? true, "a message has 1 to 64 bytes")
                } catch {
                    require(!error.description.isEmpty && error.closeCode >= 1000, "the peer is told why")
                    return
                }
            }
        },
    ]

    private static func isHarmless(_ mask: [UInt8], _ byteCount: Int) -> Bool {
        mask.count <= byteCount && mask.allSatisfy { $0 == 0 }
    }

    /// A peer's stream, in pieces: a handshake message, then what it seals and, once it goes astray, anything.
    private static func checkL2CAP(_ reader: inout InputReader) {
        let key = SymmetricKey(data: [UInt8](repeating: 5, count: 32))
        let pieceByteCount = Int(reader.byte()) + 1
        var sealer = HybridSealer(key: key)
        var opener = HybridOpener(key: key)
        let handshake = reader.padded(HandshakeMessage.byteCount)
        var stream = L2CAPFraming.frame(handshake)
        var expected: [[UInt8]] = []
        var isAstray = false
        while !reader.isEmpty {
            let kind = reader.byte()
            let bytes = reader.short()
            if kind & 7 == 7 {
                stream += bytes
                isAstray = true
            } else {
                stream += L2CAPFraming.frame(certain { try sealer.seal(bytes) })
                if !isAstray { expected.append(bytes) }
            }
        }
        var receiver = L2CAPReceiver()
        var hasHandshake = false
        var received: [[UInt8]] = []
        var rest = stream[...]
        do {
            while !rest.isEmpty {
                try receiver.receive(rest.prefix(pieceByteCount))
                rest = rest.dropFirst(pieceByteCount)
                if !hasHandshake {
                    guard let message = try receiver.nextHandshakeMessage() else { continue }
                    require(message == handshake, "the handshake message survives")
                    hasHandshake = true
                }
                while let message = try receiver.nextMessage(opening: { open($0, &opener) }) {
                    received.append(message)
                }
            }
        } catch {
            require(isAstray, "a peer that keeps to the rules is understood")
            return
        }
        require(received.starts(with: expected), "messages survive, in order")
        require(isAstray || receiver.pendingByteCount == 0, "nothing is left over")
    }

    private static func open(_ ciphertext: [UInt8], _ opener: inout HybridOpener) -> [UInt8]? {
        do {
            return try opener.open(ciphertext)
        } catch {
            return nil
        }
    }
}

/// A handshake that is the same each time, so that an input means the same each time.
private struct FixedHandshake {
    /// After a QR code was scanned.
    static let scanned = FixedHandshake(isLinked: false)
    /// Between devices that know each other.
    static let linked = FixedHandshake(isLinked: true)

    private let psk = SymmetricKey(data: [UInt8](repeating: 9, count: 32))
    private let responder: HandshakeResponder.Pattern
    let initiator: HandshakeInitiator
    let message2: [UInt8]

    var message1: [UInt8] { initiator.message1 }

    private init(isLinked: Bool) {
        let identityKey = certain {
            try P256.KeyAgreement.PrivateKey(rawRepresentation: [UInt8](repeating: 0x11, count: 32))
        }
        responder =
            isLinked
            ? .nkpsk0(identityKey: identityKey) : .knpsk0(clientIdentity: identityKey.publicKey)
        let pattern: HandshakeInitiator.Pattern =
            isLinked
            ? .nkpsk0(authenticatorIdentity: identityKey.publicKey) : .knpsk0(identityKey: identityKey)
        let (psk, responder) = (psk, responder)
        let initiator = certain {
            var generator = SeededGenerator(seed: 1)
            return try HandshakeInitiator(psk: psk, pattern: pattern, using: &generator)
        }
        self.initiator = initiator
        message2 = certain {
            try FixedHandshake.respond(to: initiator.message1, psk: psk, pattern: responder)
        }
    }

    func respond(to message1: [UInt8]) throws -> [UInt8] {
        try FixedHandshake.respond(to: message1, psk: psk, pattern: responder)
    }

    private static func respond(
        to message1: [UInt8], psk: SymmetricKey, pattern: HandshakeResponder.Pattern
    ) throws -> [UInt8] {
        var generator = SeededGenerator(seed: 2)
        return try HandshakeResponder.respond(to: message1, psk: psk, pattern: pattern, using: &generator).message2
    }
}
