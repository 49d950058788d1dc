import Crypto
import TestSupport
import Testing

@testable import HybridProtocol

@Suite struct HybridAdvertisementTests {
    @Test("published advertisements", arguments: try HybridVector.group("advert"))
    func vector(_ vector: HybridVector) throws {
        switch vector.id {
        case "eid-layout": try layout(vector)
        case "advert-zero-plaintext": try zeroPlaintext(vector)
        case "advert-pixel8-24byte":
            let data = try vector.inputs.bytes("service_data")
            #expect(Array(data.prefix(20)) == (try vector.outputs.bytes("eid_part")))
            #expect(AdvertisementSuffix(decoding: data.dropFirst(20)).psm == 130)
        case "ad-structures":
            for (input, output) in [("advert20", "ad20"), ("advert24", "ad24")] {
                let data = try vector.inputs.bytes(input)
                let structure = try #require(HybridServiceData.structure(data))
                #expect(structure == (try vector.outputs.bytes(output)))
                #expect(HybridServiceData.serviceData(in: [2, 1, 6] + structure) == [data])
            }
        default: try sealed(vector)
        }
    }

    private func sealed(_ vector: HybridVector) throws {
        let secret = try vector.inputs.bytes("secret")
        let advertisement = try vector.inputs.bytes("advert")
        let eidKey = HybridKeyDerivation.eidKey(secret: secret)
        #expect(
            eidKey.encryptionKey.keyBytes + eidKey.authenticationKey.keyBytes == (try vector.outputs.bytes("eid_key")))
        let opened = try #require(HybridAdvertisement.open(serviceData: advertisement, eidKey: eidKey))
        #expect(opened.eid.bytes == (try vector.outputs.bytes("plaintext")))
        #expect(opened.eid.nonce == (try vector.outputs.bytes("nonce")))
        #expect(opened.eid.routingID.bytes == (try vector.outputs.bytes("routing_id")))
        #expect(Int(opened.eid.domain.id) == vector.outputs["domain"]?.number)
        #expect(opened.suffix.psm == nil)
        #expect(try HybridAdvertisement.seal(eid: opened.eid, eidKey: eidKey) == advertisement)
        #expect(HybridKeyDerivation.tunnelID(qrSecret: secret).bytes == (try vector.outputs.bytes("tunnel_id")))
        #expect(
            HybridKeyDerivation.psk(secret: secret, eid: opened.eid).keyBytes == (try vector.outputs.bytes("psk")))
    }

    private func layout(_ vector: HybridVector) throws {
        let plaintext = try vector.inputs.bytes("plaintext")
        let eid = try #require(HybridEID(bytes: plaintext))
        #expect(eid.nonce == (try vector.outputs.bytes("nonce")))
        #expect(eid.routingID.bytes == (try vector.outputs.bytes("routing_id")))
        #expect(eid.domain.id == 511)
        #expect(HybridEID(nonce: eid.nonce, routingID: eid.routingID, domain: eid.domain) == eid)
        var unassigned = plaintext
        unassigned[15] = 0
        var reserved = plaintext
        reserved[0] = 1
        for bytes in [unassigned, reserved, Array(plaintext.dropLast()), plaintext + [0], []] {
            #expect(HybridEID(bytes: bytes) == nil)
        }
        #expect(HybridEID(nonce: [1], routingID: .zero, domain: .google) == nil)
    }

    private func zeroPlaintext(_ vector: HybridVector) throws {
        let key = try vector.inputs.bytes("eid_key")
        let eidKey = EIDKey(encryptionKey: key.prefix(32), authenticationKey: key.dropFirst(32))
        let eid = try #require(HybridEID(bytes: try vector.inputs.bytes("plaintext")))
        let advertisement = try HybridAdvertisement.seal(eid: eid, eidKey: eidKey)
        #expect(advertisement == (try vector.outputs.bytes("advert")))
        let suffixed = try vector.outputs.bytes("accepts_suffix")
        let opened = try #require(HybridAdvertisement.open(serviceData: suffixed, eidKey: eidKey))
        #expect(opened.eid == eid)
        #expect(opened.suffix.psm == 0x1234)
        let suffix = AdvertisementSuffix(psm: 0x1234)
        #expect(try HybridAdvertisement.seal(eid: eid, eidKey: eidKey, suffix: suffix) == suffixed)
        guard case .array(let rejects) = vector.outputs["rejects"] else {
            Issue.record("no rejects")
            return
        }
        for reject in rejects {
            let bytes = try #require([UInt8](hex: reject.string ?? "?"))
            #expect(HybridAdvertisement.open(serviceData: bytes, eidKey: eidKey) == nil)
        }
    }

    @Test("published suffixes", arguments: try HybridVector.group("advert-suffix"))
    func suffix(_ vector: HybridVector) throws {
        let suffix = AdvertisementSuffix(decoding: try vector.inputs.bytes("suffix"))
        #expect(suffix.psm.map(Int.init) == vector.outputs["psm"]?.number)
    }

    @Test("suffixes of every PSM read back, and no offer is no bytes")
    func suffixRoundTrip() {
        for psm in [0, 1, 0x80, 0xFF, 0x100, UInt16.max] {
            #expect(AdvertisementSuffix(decoding: AdvertisementSuffix(psm: psm).encoded()).psm == psm)
        }
        #expect(AdvertisementSuffix().encoded() == [])
        #expect(AdvertisementSuffix(decoding: []) == AdvertisementSuffix())
    }

    @Test("an advertisement with any bit changed is foreign, and so is one under another key")
    func tampering() throws {
        var generator = SeededGenerator(seed: 5)
        let eidKey = HybridKeyDerivation.eidKey(secret: generator.bytes(16))
        let routingID = try #require(RoutingID(generator.bytes(3)))
        let eid = HybridEID(routingID: routingID, domain: .apple, using: &generator)
        let advertisement = try HybridAdvertisement.seal(eid: eid, eidKey: eidKey)
        #expect(HybridAdvertisement.open(serviceData: advertisement, eidKey: eidKey)?.eid == eid)
        for bit in 0..<(advertisement.count * 8) {
            var changed = advertisement
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(HybridAdvertisement.open(serviceData: changed, eidKey: eidKey) == nil)
        }
        let other = HybridKeyDerivation.eidKey(secret: generator.bytes(16))
        #expect(HybridAdvertisement.open(serviceData: advertisement, eidKey: other) == nil)
    }

    @Test("an authentic advertisement with a reserved first byte or domain is refused")
    func authenticButInvalid() throws {
        let eidKey = HybridKeyDerivation.eidKey(secret: [1])
        for (offset, value) in [(0, UInt8(1)), (14, UInt8(2)), (14, UInt8(255))] {
            var plaintext = [UInt8](repeating: 0, count: 16)
            plaintext[offset] = value
            let data = try HybridAdvertisement.seal(block: plaintext, eidKey: eidKey)
            #expect(HybridAdvertisement.open(serviceData: data, eidKey: eidKey) == nil)
        }
        let valid = try HybridAdvertisement.seal(block: [UInt8](repeating: 0, count: 16), eidKey: eidKey)
        #expect(HybridAdvertisement.open(serviceData: valid, eidKey: eidKey) != nil)
    }

    @Test("the content for a link has a usable domain and a fresh rest")
    func linkedContent() {
        var generator = SeededGenerator(seed: 6)
        let first = HybridEID(forLinkUsing: &generator)
        let second = HybridEID(forLinkUsing: &generator)
        #expect(first != second)
        #expect(first.domain == .google)
        #expect(HybridEID(bytes: first.bytes) == first)
    }

    @Test(
        "service data is found under both UUIDs only, and damaged advertising data ends the search",
        arguments: [
            ("", []), ("00", []), ("0416f9ff", []), ("0416f9ffaa", ["aa"]), ("0416e2fdbb", ["bb"]),
            ("0416f1fcaa", []), ("020106" + "0416e2fdbb" + "0416f9ffaa", ["bb", "aa"]), ("0316f9ff", [""]),
            ("0216f9" + "0416f9ffaa", ["aa"]), ("0416f9ffaa" + "0516f9ffaa", ["aa"]), ("000416f9ffaa", []),
        ] as [(String, [String])])
    func serviceData(advertisingData: String, expected: [String]) throws {
        let bytes = try #require([UInt8](hex: advertisingData))
        #expect(HybridServiceData.serviceData(in: bytes).map(\.hex) == expected)
    }

    @Test("service data constants")
    func constants() {
        #expect(HybridServiceData.uuidString(HybridServiceData.serviceUUID) == "0000fff9-0000-1000-8000-00805f9b34fb")
        #expect(
            HybridServiceData.uuidString(HybridServiceData.legacyServiceUUID)
                == "0000fde2-0000-1000-8000-00805f9b34fb")
        #expect(HybridServiceData.structure([UInt8](repeating: 0, count: 252))?.count == 256)
        #expect(HybridServiceData.structure([UInt8](repeating: 0, count: 253)) == nil)
    }
}
