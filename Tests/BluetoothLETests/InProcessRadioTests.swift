import Testing

@testable import BluetoothLE

@Suite(.timeLimit(.minutes(1))) struct InProcessRadioTests {
    private let advertisement = ServiceDataAdvertisement(serviceUUID: 0xFFF9, serviceData: [1, 2, 3])
    private let other = ServiceDataAdvertisement(serviceUUID: 0xFFF9, serviceData: [4])

    @Test("a scan hears what is on the air already and what comes later, and so does another scan")
    func hears() async throws {
        let radio = InProcessRadio()
        let early = try await radio.advertisements()
        try await withThrowingTaskGroup { group in
            group.addTask { [advertisement] in try await radio.advertise(advertisement) }
            var heard = early.makeAsyncIterator()
            #expect(try await heard.next() == advertisement)
            let late = try await radio.advertisements()
            var lateHeard = late.makeAsyncIterator()
            #expect(try await lateHeard.next() == advertisement)
            group.addTask { [other] in try await radio.advertise(other) }
            #expect(try await heard.next() == other)
            #expect(try await lateHeard.next() == other)
            #expect(radio.activity.advertisements == 2)
            group.cancelAll()
        }
        #expect(radio.activity.advertisements == 0)
    }

    @Test("after its cancellation an advertisement is off the air, and a cancelled scan is gone")
    func cancellation() async throws {
        let radio = InProcessRadio()
        let advertising = Task { [advertisement] in try await radio.advertise(advertisement) }
        advertising.cancel()
        try await advertising.value
        let scanning = Task { () -> ServiceDataAdvertisement? in
            for try await advertisement in try await radio.advertisements() { return advertisement }
            return nil
        }
        scanning.cancel()
        #expect(try await scanning.value == nil)
        #expect(radio.activity == (0, 0))
    }

    @Test("a scan that is dropped unread is gone")
    func dropped() async throws {
        let radio = InProcessRadio()
        _ = try await radio.advertisements()
        #expect(radio.activity == (0, 0))
    }

    @Test("service data that no radio could send is refused")
    func tooLong() async throws {
        let tooLong = ServiceDataAdvertisement(serviceUUID: 1, serviceData: [UInt8](repeating: 0, count: 253))
        await #expect(throws: AdvertisingDataError.serviceDataTooLong(byteCount: 253)) {
            try await InProcessRadio().advertise(tooLong)
        }
    }
}
