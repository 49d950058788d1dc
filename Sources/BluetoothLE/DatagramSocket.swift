import Dispatch
import Glibc

/// A non-blocking Unix datagram socket, closed and removed from its directory when nobody holds it any more.
final class DatagramSocket: Sendable {
    /// What became of a datagram.
    enum SendResult {
        case sent
        /// The socket file is left over from a process that has gone.
        case nobodyListens
        /// It was not delivered this time: the queue is full, or the file has just gone.
        case dropped
    }

    private let descriptor: CInt
    private let path: String?

    /// A socket to send from.
    init() throws(SocketRadioError) {
        descriptor = try Self.open(for: "a radio")
        path = nil
    }

    /// A socket that receives at a path, with mode 0600.
    init(boundTo path: String) throws(SocketRadioError) {
        let descriptor = try Self.open(for: path)
        do {
            try Self.bind(descriptor, to: path)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        if let path { unlink(path) }
        Glibc.close(descriptor)
    }

    private static func open(for path: String) throws(SocketRadioError) -> CInt {
        let type = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { throw .socket(call: "socket", path: path, reason: systemError()) }
        return descriptor
    }

    private static func bind(_ descriptor: CInt, to path: String) throws(SocketRadioError) {
        guard var address = sockaddr_un(path: path) else {
            throw .pathTooLong(path: path, maximumByteCount: sockaddr_un.maximumPathByteCount)
        }
        let bound = withSocketAddress(&address) { Glibc.bind(descriptor, $0, $1) }
        guard bound == 0 else { throw .socket(call: "bind", path: path, reason: systemError()) }
        guard chmod(path, 0o600) == 0 else {
            let reason = systemError()
            unlink(path)
            throw .socket(call: "chmod", path: path, reason: reason)
        }
    }

    /// Sends a datagram without waiting.
    func send(_ datagram: [UInt8], to path: String) -> SendResult {
        // A file name that is too long was not made by a scan.
        guard var address = sockaddr_un(path: path) else { return .dropped }
        let sent = withSocketAddress(&address) { address, length in
            sendto(descriptor, datagram, datagram.count, CInt(MSG_NOSIGNAL), address, length)
        }
        if sent == datagram.count { return .sent }
        return errno == ECONNREFUSED ? .nobodyListens : .dropped
    }

    /// The next datagram, `nil` when there is none now.
    ///
    /// A datagram that is longer than any advertising data comes one byte too long, so that a decoder refuses it.
    func receive() -> [UInt8]? {
        var received = -1
        let datagram = [UInt8](unsafeUninitializedCapacity: AdvertisingData.maximumByteCount + 1) { buffer, count in
            received = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            count = max(received, 0)
        }
        return received < 0 ? nil : datagram
    }

    /// Everything that arrives from now on, decoded; the socket lives as long as the stream is consumed.
    func advertisements(
        onMalformedDatagram: @escaping @Sendable (AdvertisingDataError) -> Void
    ) -> AsyncThrowingStream<ServiceDataAdvertisement, any Error> {
        let (stream, continuation) = AsyncThrowingStream<ServiceDataAdvertisement, any Error>.makeStream(
            bufferingPolicy: .bufferingNewest(64))
        // Dispatch has not declared it so, but its sources may be cancelled from any thread.
        nonisolated(unsafe) let source = DispatchSource.makeReadSource(fileDescriptor: descriptor)
        source.setEventHandler {
            // Bounded, so that a flood cannot keep one turn of the queue for ever.
            for _ in 0..<256 {
                guard let datagram = self.receive() else { return }
                do throws(AdvertisingDataError) {
                    for advertisement in try AdvertisingData.serviceData(in: datagram) {
                        continuation.yield(advertisement)
                    }
                } catch {
                    onMalformedDatagram(error)
                }
            }
        }
        // The handlers own the socket: it is closed after the source has let go of it, as Dispatch demands.
        source.setCancelHandler { withExtendedLifetime(self) {} }
        continuation.onTermination = { _ in
            // The file goes at once, so that nobody sends to a scan that is over.
            if let path = self.path { unlink(path) }
            source.cancel()
        }
        source.resume()
        return stream
    }
}

extension sockaddr_un {
    /// The most bytes of a path, one being needed for the terminating zero.
    static var maximumPathByteCount: Int { MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1 }

    /// The address of a path, `nil` when the path is too long or has a zero in it.
    init?(path: String) {
        self.init()
        let bytes = Array(path.utf8)
        guard bytes.count <= Self.maximumPathByteCount, !bytes.contains(0) else { return nil }
        sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &sun_path) { $0.copyBytes(from: bytes) }
    }
}

/// Calls a function of the C library with a Unix address in the form it wants.
private func withSocketAddress<Result>(
    _ address: inout sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
