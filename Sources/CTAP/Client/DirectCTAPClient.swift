/// Typed operations on anything that answers CTAP requests.
public struct DirectCTAPClient: CTAPClient {
    /// The most assertions that are fetched for one request: a bound on what a peer may claim.
    public static let maximumAssertionCount: UInt64 = 1000

    private let authenticator: any CTAPAuthenticator
    private let context: CTAPRequestContext

    /// Operates an authenticator.
    public init(_ authenticator: any CTAPAuthenticator, context: CTAPRequestContext = CTAPRequestContext()) {
        self.authenticator = authenticator
        self.context = context
    }

    /// Asks what the authenticator can do.
    public func getInfo() async throws(CTAPClientError) -> AuthenticatorInfo {
        try decode(try await data(for: CTAPRequest(.getInfo)), AuthenticatorInfo.init(data:))
    }

    /// Makes a credential.
    public func makeCredential(
        _ request: MakeCredentialRequest
    ) async throws(CTAPClientError) -> MakeCredentialResponse {
        try decode(try await data(for: request.request), MakeCredentialResponse.init(data:))
    }

    /// Gets the first assertion, then the others with authenticatorGetNextAssertion.
    public func getAssertions(
        _ request: GetAssertionRequest
    ) async throws(CTAPClientError) -> [GetAssertionResponse] {
        var assertions = [try decode(try await data(for: request.request), GetAssertionResponse.init(data:))]
        let count = assertions.first?.numberOfCredentials ?? 1
        guard count <= Self.maximumAssertionCount else {
            throw .malformedResponse("it claims \(count) credentials")
        }
        while assertions.count < count {
            let next = try await data(for: CTAPRequest(.getNextAssertion))
            assertions.append(try decode(next, GetAssertionResponse.init(data:)))
        }
        return assertions
    }

    private func data(for request: CTAPRequest) async throws(CTAPClientError) -> [UInt8] {
        let response = await authenticator.respond(to: request, in: context)
        guard response.status == .success else { throw .status(response.status) }
        return response.data
    }

    private func decode<Value>(
        _ data: [UInt8], _ read: ([UInt8]) throws(CTAPStatus) -> Value
    ) throws(CTAPClientError) -> Value {
        do throws(CTAPStatus) {
            return try read(data)
        } catch {
            throw .malformedResponse("its data fails with \(error)")
        }
    }
}
