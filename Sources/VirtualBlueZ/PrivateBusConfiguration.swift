import Glibc

/// The files of a ``PrivateBus``: its configuration, and the socket that the daemon makes.
struct PrivateBusConfiguration: Sendable {
    static let socketName = "bus"

    /// The longest path that a Unix socket can have (unix(7)), without the NUL.
    private static let maximumSocketPathByteCount = 107

    let socketPath: String
    let configurationPath: String
    private let text: String

    /// Files in a directory.
    ///
    /// - Throws: ``PrivateBusError/pathTooLong(_:)``.
    init(directory: String, address: String, userID: uid_t) throws(PrivateBusError) {
        socketPath = "\(directory)/\(Self.socketName)"
        configurationPath = "\(directory)/\(Self.socketName).conf"
        guard socketPath.utf8.count <= Self.maximumSocketPathByteCount else { throw .pathTooLong(socketPath) }
        text = """
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
             "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
              <type>aikagi</type>
              <listen>\(address)</listen>
              <auth>EXTERNAL</auth>
              <policy context="default">
                <deny user="*"/>
                <allow user="\(userID)"/>
                <allow own="*"/>
                <allow send_destination="*"/>
                <allow receive_sender="*"/>
              </policy>
              <limit name="max_message_size">1048576</limit>
              <limit name="max_incoming_bytes">16777216</limit>
              <limit name="max_outgoing_bytes">16777216</limit>
              <limit name="max_completed_connections">256</limit>
              <limit name="max_message_unix_fds">16</limit>
            </busconfig>

            """
    }

    /// Writes the configuration; refuses to write over anything.
    ///
    /// - Throws: ``PrivateBusError/cannotWrite(path:reason:)``.
    func write() throws(PrivateBusError) {
        let file = open(configurationPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .cannotWrite(path: configurationPath, reason: SystemError.text(errno)) }
        defer { close(file) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .cannotWrite(path: configurationPath, reason: SystemError.text(errno)) }
            rest = rest.dropFirst(count)
        }
    }

    /// Removes configuration and socket, those that are there.
    func remove() {
        unlink(configurationPath)
        unlink(socketPath)
    }

    /// A path as it stands in a D-Bus address (D-Bus Specification, "Server Addresses"), which is safe in XML as well.
    static func escaped(_ path: String) -> String {
        var text = ""
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "/"),
                UInt8(ascii: "."):
                text.append(Character(UnicodeScalar(byte)))
            default:
                let digits = String(byte, radix: 16)
                text += digits.count < 2 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return text
    }
}
