import BluetoothLE
import TestSupport
import Testing

@Suite struct AdvertisingDataTests {
    @Test("service data has the layout that goes over the air")
    func fixedBytes() throws {
        let data = [UInt8](0..<20)
        let encoded = try AdvertisingData.encode(ServiceDataAdvertisement(serviceUUID: 0xFFF9, serviceData: data))
        #expect(encoded.hex == "1716f9ff" + data.hex)
    }

    @Test("every possible length survives a round trip", arguments: [0, 1, 20, 24, 251, 252])
    func roundTrip(count: Int) throws {
        let advertisement = ServiceDataAdvertisement(
            serviceUUID: 0xFDE2, serviceData: [UInt8](repeating: 7, count: count))
        #expect(try AdvertisingData.serviceData(in: AdvertisingData.encode(advertisement)) == [advertisement])
    }

    @Test("other structures are passed over and a zero length ends the data")
    func mixed() throws {
        let bytes = try #require([UInt8](hex: "020106 0303f9ff 0416f9ffaa 0516e2fd0102 00 0416f9ffbb"))
        #expect(
            try AdvertisingData.serviceData(in: bytes) == [
                ServiceDataAdvertisement(serviceUUID: 0xFFF9, serviceData: [0xAA]),
                ServiceDataAdvertisement(serviceUUID: 0xFDE2, serviceData: [1, 2]),
            ])
        #expect(try AdvertisingData.serviceData(in: []) == [])
    }

    @Test(
        "malformed data is refused",
        arguments: [
            ("17", AdvertisingDataError.truncated(at: 1)),
            ("1716f9ff00", .truncated(at: 1)),
            ("ff", .truncated(at: 1)),
            ("020106 05", .truncated(at: 4)),
            ("0116", .noServiceUUID(at: 2)),
            ("0216f9", .noServiceUUID(at: 3)),
        ])
    func rejection(hex: String, error: AdvertisingDataError) throws {
        let bytes = try #require([UInt8](hex: hex))
        #expect(throws: error) { try AdvertisingData.serviceData(in: bytes) }
    }

    @Test("what is too long is refused")
    func tooLong() throws {
        #expect(throws: AdvertisingDataError.serviceDataTooLong(byteCount: 253)) {
            try AdvertisingData.encode(
                ServiceDataAdvertisement(serviceUUID: 1, serviceData: [UInt8](repeating: 0, count: 253)))
        }
        #expect(throws: AdvertisingDataError.tooLong(byteCount: 1651)) {
            try AdvertisingData.serviceData(in: [UInt8](repeating: 0, count: 1651))
        }
    }

    @Test("random bytes never trap")
    func randomBytes() {
        var generator = SeededGenerator(seed: 20)
        for count in 0..<2000 {
            let bytes = generator.bytes(count % 70)
            _ = Result { try AdvertisingData.serviceData(in: bytes) }
        }
    }
}
