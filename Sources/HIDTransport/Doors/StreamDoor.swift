import Glibc
import Synchronization

/// A listening socket at which programs find a key, each connection with a CTAPHID device of its own.
///
/// The devices share the authenticator, as several programs on one machine share a key; a connection that ends takes
/// its channels and what it has begun with it.
public final class StreamDoor: Sendable {
    /// The TCP port customary for an emulated key.
    public static let customaryPort: UInt16 = 35962

    /// The port; 0 for a socket in the file system.
    public let port: UInt16
    private let socket: SocketDescriptor
    private let framing: ReportFraming
    private let path: String?

    /// A TCP port, listening from now on.
    ///
    /// - Parameters:
    ///   - host: The address to listen at.
    ///   - port: The port to listen at; 0 takes a free one.
    /// - Throws: ``ReportSocketError``.
    public init(host: String, port: UInt16) throws(ReportSocketError) {
        (socket, self.port) = try InternetAddress.resolve(host, port: port).bind(SOCK_STREAM)
        framing = .lengthPrefixed
        path = nil
        try listen()
    }

    /// A stream socket in the file system, for this user only (mode 0600), listening from now on.
    ///
    /// - Parameter path: A socket there at which nobody listens any more is replaced; the file goes with ``close()``.
    /// - Throws: ``ReportSocketError``.
    public init(path: String) throws(ReportSocketError) {
        socket = try UnixSocketAddress(path).bindReplacingLeftover()
        port = 0
        framing = .bare
        self.path = path
        try listen()
    }

    deinit { close() }

    /// Removes a socket's file, so that nobody comes any more.
    public func close() {
        if let path { unlink(path) }
    }

    /// Serves the key until the task is cancelled.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - thread: Where to run.
    ///   - connectionLimit: How many connections are served at the same time; more are closed at once.
    ///   - refused: Is told why a connection was closed from this side.
    /// - Throws: ``ReportSocketError`` when the socket fails.
    public func run(
        for key: DoorKey, on thread: DoorThread, connectionLimit: Int = 256,
        refused: @escaping @Sendable (any Error) -> Void = { _ in }
    ) async throws {
        let listener = try DoorDescriptor(socket, on: thread)
        let connections = Tally()
        try await withThrowingDiscardingTaskGroup { group in
            while true {
                let accepted = await listener.retry(waitingFor: POLLIN) { accept($0, nil, nil) }
                switch accepted {
                case nil: return
                case .failure(let error) where [ECONNABORTED, EPROTO, EPERM].contains(error.value): continue
                case .failure(let error): throw ReportSocketError.system(call: "accept", errorNumber: error.value)
                case .success(let number):
                    let descriptor = SocketDescriptor(takingOver: number)
                    guard connections.count.withLock({ $0 }) < connectionLimit else {
                        refused(ReportSocketError.tooManyConnections(limit: connectionLimit))
                        continue
                    }
                    connections.count.withLock { $0 += 1 }
                    group.addTask { [self] in
                        defer { connections.count.withLock { $0 -= 1 } }
                        do {
                            try await serve(descriptor, to: key, on: thread)
                        } catch ReportSocketError.closed {
                            // The client left while something was sent to it.
                        } catch {
                            refused(error)
                        }
                    }
                }
            }
        }
    }

    private func serve(_ descriptor: SocketDescriptor, to key: DoorKey, on thread: DoorThread) async throws {
        if path == nil {
            // A report is not held back until the one before has been acknowledged.
            var yes: CInt = 1
            setsockopt(
                descriptor.number, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<CInt>.size))
        }
        let connection = StreamConnection(try DoorDescriptor(descriptor, on: thread), framing: framing)
        try await DoorSession(key: key, connection: connection).run()
    }

    private func listen() throws(ReportSocketError) {
        guard Glibc.listen(socket.number, 128) == 0 else { throw .system(call: "listen", errorNumber: errno) }
    }
}

/// How many connections there are.
private final class Tally: Sendable {
    let count = Mutex(0)
}
