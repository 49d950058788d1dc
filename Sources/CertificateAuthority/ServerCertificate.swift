/// What a TLS server needs to prove its name.
///
/// Its description shows the certificate only, so that the key does not end up in a log.
public struct ServerCertificate: Sendable, Hashable, CustomStringConvertible {
    /// The server's certificate as PEM.
    public let certificatePEM: String

    /// The private key that belongs to it as PEM (PKCS #8), a secret.
    public let privateKeyPEM: String

    /// The certificate, never the key.
    public var description: String { certificatePEM }
}

extension ServerCertificate: CustomDebugStringConvertible, CustomReflectable {
    /// The certificate, never the key.
    public var debugDescription: String { certificatePEM }

    /// The certificate, never the key.
    public var customMirror: Mirror { Mirror(self, children: ["certificatePEM": certificatePEM]) }
}
