import Glibc

/// A UDP port at which programs find a key: one report in a datagram, 64 bytes, nothing around it.
///
/// All clients share one CTAPHID device; each gets the answers on its own channels. The customary datagram of Solo's
/// simulation takes the power away and gives it back.
public struct DatagramDoor: Sendable {
    /// The port customary for a simulated key.
    public static let customaryPort: UInt16 = 8111

    /// The port.
    public let port: UInt16
    private let socket: SocketDescriptor
    private let replyPort: UInt16?

    /// A door that takes datagrams from now on.
    ///
    /// - Parameters:
    ///   - host: The address to listen at.
    ///   - port: The port to listen at; 0 takes a free one.
    ///   - replyPort: Where answers go, at the sender's address; `nil` for the port it sends from.
    /// - Throws: ``ReportSocketError``.
    public init(host: String, port: UInt16, replyPort: UInt16? = nil) throws(ReportSocketError) {
        (socket, self.port) = try InternetAddress.resolve(host, port: port).bind(SOCK_DGRAM)
        self.replyPort = replyPort
    }

    /// Serves the key until the task is cancelled.
    ///
    /// - Throws: ``ReportSocketError`` when the socket fails.
    public func run(for key: DoorKey, on thread: DoorThread) async throws {
        let connection = DatagramConnection(try DoorDescriptor(socket, on: thread), replyPort: replyPort)
        try await DoorSession(key: key, connection: connection).run()
    }
}
