import Glibc
import NIOSSL

/// The mail server that a portal hands its mails to (RFC 6409).
public struct SMTPConfiguration: Sendable {
    /// A user name and its password.
    public struct Login: Sendable, CustomStringConvertible {
        let name: String
        let password: String

        /// A login; neither part may be empty.
        public init?(name: String, password: String) {
            guard !name.isEmpty, !password.isEmpty, !(name + password).utf8.contains(0) else { return nil }
            self.name = name
            self.password = password
        }

        /// Without the password.
        public var description: String { "the login of a mail server" }
    }

    /// The server's name or address.
    public var host: String
    /// The TCP port.
    public var port: Int
    /// How to log in; `nil` for a server that needs no login.
    public var login: Login?
    /// A file with the certificate authorities that are trusted, in PEM; `nil`: the system's.
    public var trustRootsPath: String?

    /// A server without a login.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Whether mails may go to the server only over TLS: everywhere but on this machine itself, and there too when a password
    /// is sent or the authorities are named.
    var requiresTLS: Bool { login != nil || trustRootsPath != nil || !NetworkAddress.isLoopback(host) }
}

/// What is known about network addresses without asking anybody.
enum NetworkAddress {
    /// Whether an address, or the name `localhost`, is this machine itself.
    static func isLoopback(_ address: String) -> Bool {
        if address == "localhost" || address == "::1" { return true }
        let plain = address.hasPrefix("::ffff:") ? String(address.dropFirst(7)) : address
        var bytes = in_addr()
        return inet_pton(AF_INET, plain, &bytes) == 1 && plain.hasPrefix("127.")
    }

    /// Whether a text is an address and not a name.
    static func isLiteral(_ text: String) -> Bool {
        var bytes = in6_addr()
        var short = in_addr()
        return inet_pton(AF_INET6, text, &bytes) == 1 || inet_pton(AF_INET, text, &short) == 1
    }
}
