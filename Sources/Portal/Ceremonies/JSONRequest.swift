import HTTPTypes
import Hummingbird
import RelyingParty

/// What the JSON endpoints ask of a request before they look at it: no form of another site can meet it.
enum JSONRequest {
    /// The body.
    ///
    /// - Throws: ``PortalFailure`` for another content type or another origin, or when the body is too large.
    static func body(of request: Request, core: PortalCore) async throws -> [UInt8] {
        let type = request.headers[.contentType]?.split(separator: ";").first.map { HalfWidth.trimmed(String($0)) }
        guard type?.lowercased() == "application/json" else { throw PortalFailure.notJSON }
        // What is foreign was refused before. Browsers send at least one of the two headers with every POST.
        guard request.headers.contains(.origin) || request.fetchSite == "same-origin" else {
            throw PortalFailure.crossOrigin
        }
        let body = try await request.body.collect(upTo: WebAuthnRelyingParty.maximumResponseByteCount)
        return Array(body.readableBytesView)
    }
}
