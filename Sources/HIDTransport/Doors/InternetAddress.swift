import Glibc

/// An IPv4 or IPv6 address with a port.
struct InternetAddress: Sendable {
    private var storage = sockaddr_storage()
    private var byteCount = socklen_t(MemoryLayout<sockaddr_storage>.size)

    /// Room for an address that the system is to fill in.
    init() {}

    /// An address in numbers; names are not looked up, for that may take long and give several.
    static func resolve(_ host: String, port: UInt16) throws(ReportSocketError) -> InternetAddress {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let found else { throw .unknownAddress(host) }
        defer { freeaddrinfo(found) }
        var address = InternetAddress()
        let byteCount = found.pointee.ai_addrlen
        guard let source = found.pointee.ai_addr, Int(byteCount) <= MemoryLayout<sockaddr_storage>.size else {
            throw .unknownAddress(host)
        }
        withUnsafeMutableBytes(of: &address.storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: source, count: Int(byteCount)))
        }
        address.byteCount = byteCount
        return address
    }

    /// AF_INET or AF_INET6.
    var family: CInt { CInt(storage.ss_family) }

    /// The port; both families have it in the same place.
    var port: UInt16 {
        get {
            withUnsafeBytes(of: storage) { UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self)) }
        }
        set {
            withUnsafeMutableBytes(of: &storage) {
                $0.storeBytes(of: newValue.bigEndian, toByteOffset: 2, as: UInt16.self)
            }
        }
    }

    /// Calls a function of the C library with the address.
    func withAddress<Value>(_ call: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, byteCount) }
        }
    }

    /// Calls a function of the C library that fills the address in.
    mutating func withMutableAddress<Value>(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Value
    ) -> Value {
        byteCount = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &byteCount) { length in
            withUnsafeMutablePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, length) }
            }
        }
    }

    /// A new socket of the address's family, bound to it, and the port that it has got.
    func bind(_ type: __socket_type) throws(ReportSocketError) -> (socket: SocketDescriptor, port: UInt16) {
        let number = socket(family, CInt(type.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw .system(call: "socket", errorNumber: errno) }
        let descriptor = SocketDescriptor(takingOver: number)
        if type == SOCK_STREAM {
            // Connections that have just ended do not keep the port.
            var yes: CInt = 1
            setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        }
        guard withAddress({ Glibc.bind(number, $0, $1) }) == 0 else {
            throw .system(call: "bind", errorNumber: errno)
        }
        var bound = InternetAddress()
        guard bound.withMutableAddress({ getsockname(number, $0, $1) }) == 0 else {
            throw .system(call: "getsockname", errorNumber: errno)
        }
        return (descriptor, bound.port)
    }
}

extension InternetAddress: Equatable {
    static func == (one: InternetAddress, other: InternetAddress) -> Bool {
        one.withAddress { address, count in
            other.withAddress { count == $1 && memcmp(address, $0, Int(count)) == 0 }
        }
    }
}
