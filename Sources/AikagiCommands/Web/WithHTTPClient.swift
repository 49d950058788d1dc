import AsyncHTTPClient
import NIOPosix
import NIOSSL

/// Runs `body` with an HTTP client and shuts it down whatever comes of it.
///
/// - Parameter authorities: The certificate authorities that are trusted; `nil`: the system's.
func withHTTPClient(
    authorities: [NIOSSLCertificate]? = nil, _ body: (HTTPClient) async throws -> Void
) async throws {
    let client = WebBrowser.makeClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, authorities: authorities)
    let outcome: Result<Void, any Error>
    do {
        outcome = .success(try await body(client))
    } catch {
        outcome = .failure(error)
    }
    try await client.shutdown()
    try outcome.get()
}
