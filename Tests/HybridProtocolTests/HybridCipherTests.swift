import Crypto
import TestSupport
import Testing

@testable import HybridProtocol

@Suite struct HybridCipherTests {
    @Test("published padding", arguments: try HybridVector.group("padding"))
    func padding(_ vector: HybridVector) throws {
        if vector.id.hasPrefix("unpad") {
            let padded = try vector.inputs.bytes("padded")
            #expect(HybridPadding.unpad(padded)?.hex == vector.outputs["message"]?.string)
        } else if vector.id.hasPrefix("pad-len") {
            let message = try vector.inputs.bytes("message")
            #expect(HybridPadding.pad(message) == (try vector.outputs.bytes("padded")))
            #expect(HybridPadding.unpad(HybridPadding.pad(message)) == message)
        } else if vector.id == "padded-cbor-v2.0-512blob" {
            let map = try #require([UInt8](hex: "a101590200")) + [UInt8](repeating: 0, count: 512)
            let tail = try vector.outputs.bytes("tail")
            let length = try #require(vector.outputs["length"]?.number)
            let padded = map + [UInt8](repeating: 0, count: length - map.count - tail.count) + tail
            #expect(LegacyCBORPadding.unpad16(padded) == map)
        } else {
            let padded = try vector.outputs.bytes("padded")
            #expect(padded.count == vector.outputs["length"]?.number)
            let unpadded =
                padded.count == 512 ? LegacyCBORPadding.unpad16(padded) : LegacyCBORPadding.unpad8(padded)
            #expect(unpadded == (try vector.inputs.bytes("map")))
        }
    }

    @Test("padding always adds a byte and fills to 32")
    func paddingLengths() {
        for count in 0..<200 {
            let message = [UInt8](repeating: 0xEE, count: count)
            let padded = HybridPadding.pad(message)
            #expect(padded.count.isMultiple(of: 32) && padded.count > count && padded.count <= count + 32)
            #expect(HybridPadding.unpad(padded) == message)
        }
    }

    @Test("legacy padding that exceeds the message is refused")
    func legacyPaddingLimits() {
        #expect(LegacyCBORPadding.unpad16([]) == nil)
        #expect(LegacyCBORPadding.unpad16([0]) == nil)
        #expect(LegacyCBORPadding.unpad16([0, 0]) == [])
        #expect(LegacyCBORPadding.unpad16([0, 1, 0]) == [])
        #expect(LegacyCBORPadding.unpad16([0, 2, 0]) == nil)
        #expect(LegacyCBORPadding.unpad16([0, 0xFF, 0xFF]) == nil)
    }

    static func pair() -> HybridTransportCipher {
        let key = SymmetricKey(data: [UInt8](repeating: 3, count: 32))
        return HybridTransportCipher(sendKey: key, receiveKey: key)
    }

    @Test("a ciphertext with any bit changed is refused and does not count")
    func tampering() throws {
        var cipher = Self.pair()
        let message = Array("message".utf8)
        let ciphertext = try cipher.seal(message)
        for bit in 0..<(ciphertext.count * 8) {
            var changed = ciphertext
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: HybridCipherError.authenticationFailed) { try cipher.open(changed) }
        }
        for count in 0..<ciphertext.count {
            let error: HybridCipherError = count > 16 ? .authenticationFailed : .tooShort
            #expect(throws: error) { try cipher.open(Array(ciphertext.prefix(count))) }
        }
        #expect(try cipher.open(ciphertext) == message)
    }

    @Test("messages repeated, left out or swapped are refused")
    func order() throws {
        var cipher = Self.pair()
        let first = try cipher.seal([1])
        let second = try cipher.seal([1])
        #expect(first != second)
        #expect(throws: HybridCipherError.authenticationFailed) { try cipher.open(second) }
        #expect(try cipher.open(first) == [1])
        #expect(throws: HybridCipherError.authenticationFailed) { try cipher.open(first) }
        #expect(try cipher.open(second) == [1])
    }

    @Test("a padding that counts more bytes than there are is refused")
    func invalidPadding() throws {
        let key = SymmetricKey(data: [UInt8](repeating: 3, count: 32))
        let nonce = try AES.GCM.Nonce(data: [UInt8](repeating: 0, count: 12))
        let box = try AES.GCM.seal([UInt8(0), 2], using: key, nonce: nonce)
        var opener = HybridOpener(key: key)
        #expect(throws: HybridCipherError.invalidPadding) { try opener.open(Array(box.ciphertext) + Array(box.tag)) }
    }

    @Test("a direction carries 2²⁴ messages and no more")
    func exhaustion() throws {
        let key = SymmetricKey(data: [UInt8](repeating: 3, count: 32))
        var sealer = HybridSealer(key: key, counter: 1 << 24 - 1)
        var opener = HybridOpener(key: key, counter: 1 << 24 - 1)
        let last = try sealer.seal([7])
        #expect(try opener.open(last) == [7])
        for _ in 0..<3 {
            #expect(throws: HybridCipherError.exhausted) { try sealer.seal([7]) }
            #expect(throws: HybridCipherError.exhausted) { try opener.open(last) }
        }
    }

    @Test("the counter stands at the end of the nonce, big-endian")
    func nonce() throws {
        #expect(try MessageCounter(value: 0x01_0203).nonce.hex == "000000000000000000010203")
    }
}
