/// Why a certificate was not made.
public enum CertificateAuthorityError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Neither a host name nor an address was given.
    case noName
    /// A name is not a host name; internationalised names have to be given in their ASCII form.
    case invalidHostName(String)
    /// An address has neither 4 nor 16 bytes.
    case invalidAddress(byteCount: Int)
    /// The certificate could not be encoded or signed.
    case encoding(String)

    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .noName: "a server certificate needs a host name or an address: give at least one"
        case .invalidHostName(let name):
            "\"\(name)\" is not a host name: use letters, digits, dots and hyphens (an international name in its xn-- form)"
        case .invalidAddress(let count): "an IP address has 4 or 16 bytes, not \(count)"
        case .encoding(let reason): "the certificate could not be made: \(reason)"
        }
    }
}
