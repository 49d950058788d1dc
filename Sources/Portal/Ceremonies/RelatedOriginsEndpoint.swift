import Hummingbird
import RelyingParty

/// `/.well-known/webauthn`: the origins of other domains whose pages may use this RP ID (WebAuthn Level 3 §5.11).
struct RelatedOriginsEndpoint {
    let core: PortalCore

    /// The document; 404 where there are no related origins.
    @Sendable func show(_ request: Request, _ context: PortalContext) async throws -> Response {
        guard let document = try core.relyingParty().relatedOriginsDocument else {
            throw PortalFailure.notFound
        }
        return Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: document)))
    }
}
