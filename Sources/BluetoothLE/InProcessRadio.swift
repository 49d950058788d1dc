import Synchronization

/// A radio whose air is this process: what one task advertises, the others hear.
///
/// Every scan hears every advertisement once: those on the air when it starts, and those that come later.
public final class InProcessRadio: BluetoothRadio {
    private typealias Scanner = AsyncThrowingStream<ServiceDataAdvertisement, any Error>.Continuation

    private struct Air {
        var nextID = 0
        var advertisements: [Int: ServiceDataAdvertisement] = [:]
        var scanners: [Int: Scanner] = [:]

        mutating func makeID() -> Int {
            nextID += 1
            return nextID
        }
    }

    /// How many advertisements a slow scan can fall behind.
    static let bufferedAdvertisements = 64

    private let air = Mutex(Air())

    /// A radio with nothing on the air.
    public init() {}

    /// Broadcasts an advertisement until the task is cancelled, then returns.
    ///
    /// - Throws: ``AdvertisingDataError/serviceDataTooLong(byteCount:)``, as a real radio could not send it either.
    public func advertise(_ advertisement: ServiceDataAdvertisement) async throws {
        _ = try AdvertisingData.encode(advertisement)
        let (id, scanners) = air.withLock { air in
            let id = air.makeID()
            air.advertisements[id] = advertisement
            return (id, Array(air.scanners.values))
        }
        // Outside of the lock: a scan that has just ended calls back to be taken off the list.
        for scanner in scanners { scanner.yield(advertisement) }
        defer { air.withLock { _ = $0.advertisements.removeValue(forKey: id) } }
        // Nothing is ever sent through it: this waits for the cancellation only.
        let (cancellation, continuation) = AsyncStream<Never>.makeStream()
        for await _ in cancellation {}
        continuation.finish()
    }

    /// Hears what is on the air and what will be.
    public func advertisements() async throws -> AsyncThrowingStream<ServiceDataAdvertisement, any Error> {
        let (stream, continuation) = AsyncThrowingStream<ServiceDataAdvertisement, any Error>.makeStream(
            bufferingPolicy: .bufferingNewest(Self.bufferedAdvertisements))
        let (id, present) = air.withLock { air in
            let id = air.makeID()
            air.scanners[id] = continuation
            return (id, air.advertisements.sorted { $0.key < $1.key }.map(\.value))
        }
        continuation.onTermination = { [weak self] _ in
            self?.air.withLock { _ = $0.scanners.removeValue(forKey: id) }
        }
        for advertisement in present { continuation.yield(advertisement) }
        return stream
    }

    /// How many scans and advertisements are going on.
    var activity: (scans: Int, advertisements: Int) {
        air.withLock { ($0.scanners.count, $0.advertisements.count) }
    }
}
