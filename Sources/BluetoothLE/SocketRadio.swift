import FoundationEssentials
import Glibc

/// A radio whose air is a directory: processes of one user hear each other without Bluetooth hardware.
///
/// Every scan binds a Unix datagram socket `scanner-<process>-<random>.sock` in the directory. An advertiser sends the AD
/// structure of its advertisement (``AdvertisingData``), as it would go over the air, to every such socket at once and then
/// every 100 ms. A program in any language can join in:
///
///     17 16 F9 FF <20 bytes>        length 0x17, Service Data – 16-bit UUID, 0xFFF9
///
/// The directory must be the user's own and nobody else may write to it; it may be readable by others. The sockets have
/// mode 0600. So other users can neither send to a scan nor add one of their own: they can neither be heard nor hear.
public struct SocketRadio: BluetoothRadio {
    /// The time between two transmissions of one advertisement.
    public static let interval: Duration = .milliseconds(100)

    /// The most scans that one transmission reaches.
    static let maximumScanners = 64

    /// The directory of the sockets.
    public let directory: String

    private let clock: any Clock<Duration>
    private let onMalformedDatagram: @Sendable (AdvertisingDataError) -> Void

    /// A radio over some directory, which is made with mode 0700 when it does not exist.
    ///
    /// - Parameters:
    ///   - directory: its path; at most about 70 bytes, so that a socket's path fits a Unix socket address.
    ///   - clock: paces the transmissions.
    ///   - onMalformedDatagram: told of every datagram that is no advertising data; such a datagram is otherwise ignored.
    public init(
        directory: String, clock: any Clock<Duration> = ContinuousClock(),
        onMalformedDatagram: @escaping @Sendable (AdvertisingDataError) -> Void = { _ in }
    ) {
        self.directory = directory
        self.clock = clock
        self.onMalformedDatagram = onMalformedDatagram
    }

    /// Sends the advertisement to every scan at once and then every 100 ms, until the task is cancelled.
    ///
    /// - Throws: ``AdvertisingDataError`` when it is too long, ``SocketRadioError`` when the directory cannot be used.
    public func advertise(_ advertisement: ServiceDataAdvertisement) async throws {
        let datagram = try AdvertisingData.encode(advertisement)
        try RadioDirectory.prepare(directory)
        let socket = try DatagramSocket()
        while !Task.isCancelled {
            for path in try RadioDirectory.scannerPaths(in: directory, maximum: Self.maximumScanners) {
                if socket.send(datagram, to: path) == .nobodyListens { unlink(path) }
            }
            do {
                try await clock.sleep(for: Self.interval)
            } catch {
                return  // cancelled
            }
        }
    }

    /// Listens at a socket of its own, which disappears when the stream ends.
    ///
    /// - Throws: ``SocketRadioError``.
    public func advertisements() async throws -> AsyncThrowingStream<ServiceDataAdvertisement, any Error> {
        try RadioDirectory.prepare(directory)
        let name = RadioDirectory.scannerName(process: getpid(), random: .random(in: .min ... .max))
        let socket = try DatagramSocket(boundTo: directory + "/" + name)
        return socket.advertisements(onMalformedDatagram: onMalformedDatagram)
    }
}
