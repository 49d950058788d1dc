import Glibc
import HIDTransport

/// The doors of a key, open from the moment this is made.
struct OpenDoors: Sendable {
    /// Where one of them is.
    struct Place: Sendable {
        /// As the option is called.
        let door: String
        /// The address and port, or the path.
        let address: Address

        /// Of two kinds.
        enum Address: Sendable {
            case port(host: String, UInt16)
            case path(String)
        }
    }

    /// Where they are, in the order of the options.
    let places: [Place]
    private let datagramDoors: [DatagramDoor]
    private let streamDoors: [StreamDoor]
    private let terminalDoor: TerminalDoor?
    private let thread: DoorThread

    /// Opens what the options ask for.
    ///
    /// - Throws: ``CommandFailure`` for the first that cannot be opened; none is open then.
    init(_ options: KeyDoorOptions, on thread: DoorThread) throws(CommandFailure) {
        self.thread = thread
        let host = options.address
        var places: [Place] = []
        var datagramDoors: [DatagramDoor] = []
        var streamDoors: [StreamDoor] = []
        for port in options.udp {
            let door = try OpenDoors.open("UDP port \(port) at \(host)", mend: "choose another one with --udp PORT") {
                () throws(ReportSocketError) in
                try DatagramDoor(host: host, port: port, replyPort: options.udpReply)
            }
            datagramDoors.append(door)
            places.append(Place(door: "udp", address: .port(host: host, door.port)))
        }
        for port in options.tcp {
            let door = try OpenDoors.open("TCP port \(port) at \(host)", mend: "choose another one with --tcp PORT") {
                () throws(ReportSocketError) in
                try StreamDoor(host: host, port: port)
            }
            streamDoors.append(door)
            places.append(Place(door: "tcp", address: .port(host: host, door.port)))
        }
        for path in options.unix {
            let door = try OpenDoors.open("the socket \(path)", mend: "choose another path with --unix PATH") {
                () throws(ReportSocketError) in
                try StreamDoor(path: path)
            }
            streamDoors.append(door)
            places.append(Place(door: "unix", address: .path(path)))
        }
        terminalDoor =
            options.pty
            ? try OpenDoors.open("a terminal", mend: "try --unix PATH or --udp instead") {
                () throws(ReportSocketError) in
                try TerminalDoor(on: thread)
            } : nil
        if let terminalDoor { places.append(Place(door: "pty", address: .path(terminalDoor.path))) }
        self.places = places
        self.datagramDoors = datagramDoors
        self.streamDoors = streamDoors
    }

    /// Removes what they leave in the file system.
    func close() {
        for door in streamDoors { door.close() }
    }

    /// Serves a key until the task is cancelled.
    ///
    /// - Parameter refused: Is told why a client was turned away.
    func run(for key: DoorKey, refused: @escaping @Sendable (any Error) -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for door in datagramDoors { group.addTask { try await door.run(for: key, on: thread) } }
            for door in streamDoors { group.addTask { try await door.run(for: key, on: thread, refused: refused) } }
            if let terminalDoor { group.addTask { try await terminalDoor.run(for: key) } }
            try await group.waitForAll()
        }
    }

    private static func open<Door>(
        _ what: String, mend: String, _ make: () throws(ReportSocketError) -> Door
    ) throws(CommandFailure) -> Door {
        do {
            return try make()
        } catch .system(_, let number) {
            throw CommandFailure("cannot open \(what): \(String(cString: strerror(number))); \(mend)")
        } catch {
            throw CommandFailure("\(error)")
        }
    }
}
