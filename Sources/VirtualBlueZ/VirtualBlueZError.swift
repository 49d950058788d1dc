/// Why a ``VirtualBlueZ`` does not run.
public enum VirtualBlueZError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no bus at the address, or it does not let us in.
    case cannotConnect(address: String, reason: String)
    /// Somebody else is `org.bluez` on the bus.
    case nameTaken
    /// The bus has ended, or the connection to it.
    case connectionLost(reason: String)
    /// The radio cannot be listened to.
    case radio(reason: String)
    /// The thread that serves the bus cannot be started.
    case noThread(reason: String)
    /// It has ended, could not start, or has been run before.
    case notRunning

    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .cannotConnect(let address, let reason):
            "there is no access to the D-Bus at \(address): \(reason); start a private bus there first"
        case .nameTaken:
            "another program is org.bluez on this D-Bus; use a private bus, never the system's"
        case .connectionLost(let reason):
            "the connection to the D-Bus was lost: \(reason); start the bus and this again"
        case .radio(let reason): "the radio cannot be listened to: \(reason)"
        case .noThread(let reason): "no thread can be started: \(reason); end other programs and try again"
        case .notRunning: "the virtual Bluetooth adapter is not running: it has ended, or could not start"
        }
    }
}
