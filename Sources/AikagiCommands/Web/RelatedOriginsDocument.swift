import AsyncHTTPClient
import ClientPlatform
import NIOCore
import NIOHTTP1

/// The document by which a relying party names the origins that may use its ID (WebAuthn Level 3 §5.11.1 steps 1 and 2).
enum RelatedOriginsDocument {
    /// Gets `https://RPID/.well-known/webauthn`, without cookies and referrer; `nil` where there is none.
    @Sendable static func get(relyingPartyID: String) async -> RelatedOrigins? {
        var origins: RelatedOrigins?
        do {
            try await withHTTPClient { client in
                var request = HTTPClientRequest(url: "https://\(relyingPartyID)/.well-known/webauthn")
                request.headers.add(name: "Accept", value: "application/json")
                let response = try await client.execute(request, timeout: .seconds(10))
                let type = response.headers.first(name: "Content-Type")?.split(separator: ";").first
                guard response.status == .ok, type == "application/json" else { return }
                let body = try await response.body.collect(upTo: RelatedOrigins.maximumByteCount)
                origins = RelatedOrigins(json: Array(body.readableBytesView))
            }
        } catch {
            // No document that can be had, for whatever reason, permits nothing: the RP ID is refused.
            return nil
        }
        return origins
    }
}
