import AsyncHTTPClient
import NIOPosix

/// Runs `body` with an HTTP client and shuts it down whatever comes of it.
func withHTTPClient(_ body: (HTTPClient) async throws -> Void) async throws {
    let client = WebBrowser.makeClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
    let outcome: Result<Void, any Error>
    do {
        outcome = .success(try await body(client))
    } catch {
        outcome = .failure(error)
    }
    try await client.shutdown()
    try outcome.get()
}
