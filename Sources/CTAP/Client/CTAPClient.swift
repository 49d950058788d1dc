/// What a client platform needs of an authenticator: typed operations, whoever does the framing.
///
/// ``DirectCTAPClient`` puts them on anything that answers CTAP requests; libfido2 is another implementation.
public protocol CTAPClient: Sendable {
    /// Asks what the authenticator can do.
    func getInfo() async throws(CTAPClientError) -> AuthenticatorInfo

    /// Makes a credential.
    func makeCredential(_ request: MakeCredentialRequest) async throws(CTAPClientError) -> MakeCredentialResponse

    /// Gets the assertions of all credentials that fit; at least one.
    func getAssertions(_ request: GetAssertionRequest) async throws(CTAPClientError) -> [GetAssertionResponse]
}

/// Why an operation yielded nothing.
public enum CTAPClientError: Error, Hashable, Sendable {
    /// The authenticator answered with a status other than success.
    case status(CTAPStatus)
    /// The authenticator's answer cannot be understood; the text says what is wrong with it.
    case malformedResponse(String)
    /// The authenticator could not be reached or was lost; the text is a sentence about the cause.
    case transport(String)
    /// The operation was cancelled by the caller.
    case cancelled
}

extension CTAPClientError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .status(let status): "the authenticator answered \(status)"
        case .malformedResponse(let reason): "the authenticator's answer cannot be understood: \(reason)"
        case .transport(let reason): reason
        case .cancelled: "the operation was cancelled"
        }
    }
}
