import Glibc
import NIOCore

/// Why a portal cannot listen.
public enum PortalListenError: Error, Hashable, Sendable {
    /// Another program listens there already.
    case addressInUse(address: String, port: Int)
    /// The system reserves the port.
    case notPermitted(address: String, port: Int)
    /// The address is none of this machine's.
    case addressUnavailable(address: String, port: Int)

    /// What a failure of the server means; `nil` for one that is not about listening.
    init?(_ error: any Error, address: String, port: Int) {
        switch error {
        case let error as IOError where error.errnoCode == EADDRINUSE:
            self = .addressInUse(address: address, port: port)
        case let error as IOError where error.errnoCode == EACCES: self = .notPermitted(address: address, port: port)
        case let error as IOError where error.errnoCode == EADDRNOTAVAIL:
            self = .addressUnavailable(address: address, port: port)
        case is SocketAddressError.UnknownHost: self = .addressUnavailable(address: address, port: port)
        default: return nil
        }
    }
}

extension PortalListenError: CustomStringConvertible {
    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .addressInUse(let address, let port):
            "another program listens on \(address) port \(port) already; end it or choose another port (0 takes a free one)"
        case .notPermitted(let address, let port):
            "listening on \(address) port \(port) is not permitted; choose a port from 1024 on (0 takes a free one)"
        case .addressUnavailable(let address, let port):
            "cannot listen on \(address) port \(port): this machine has no such address; use one of its own, or 127.0.0.1"
        }
    }
}
