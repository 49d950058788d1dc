/// Why a socket that carries reports cannot be used.
public enum ReportSocketError: Error, Hashable, Sendable {
    /// A call of the system failed; with its error number.
    case system(call: String, errorNumber: Int32)
    /// The path is empty or longer than the 107 bytes of a Unix socket's address.
    case unusablePath(String)
    /// The other side closed the connection within a report.
    case truncatedReport(byteCount: Int)
    /// The other side put a length before a report that no report has.
    case wrongLength(Int)
    /// It is no address in numbers.
    case unknownAddress(String)
    /// As many connections as are served at the same time are open.
    case tooManyConnections(limit: Int)
    /// The connection is closed.
    case closed
}

extension ReportSocketError: CustomStringConvertible {
    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .system(let call, let number): "the report socket fails at \(call): \(errorText(number)); start it again"
        case .unusablePath(let path): "'\(path)' cannot be a socket's path; give one of 1 to 107 bytes"
        case .truncatedReport(let count):
            "the connection ended after \(count) bytes of a report; send reports of exactly 64 bytes"
        case .wrongLength(let length):
            "a report of \(length) bytes was announced; put the length 64 (00 40) before each"
        case .unknownAddress(let host): "'\(host)' is no address; give one in numbers, for example 127.0.0.1"
        case .tooManyConnections(let limit):
            "a connection was closed: \(limit) are open, and more are not served at a time; close some"
        case .closed: "the connection is closed; connect again"
        }
    }
}
