import Crypto
import FoundationEssentials
import WebAuthnModel

/// What a browser does for a page: it turns options into CTAP requests, and answers into responses.
///
/// The origin is the client's own knowledge, never the page's claim. Timeouts and giving up are the cancellation of the
/// calling task.
public struct WebAuthnClient: Sendable {
    /// The page's origin.
    public let origin: WebOrigin

    /// Gets the document of related origins of an RP ID; `nil` where there is none.
    private let relatedOrigins: @Sendable (_ relyingPartyID: String) async -> RelatedOrigins?

    /// The client of a page.
    ///
    /// - Parameters:
    ///   - origin: the page's origin.
    ///   - relatedOrigins: gets `https://RPID/.well-known/webauthn`, without credentials and without a referrer, when
    ///     the page claims an RP ID that is not of its domain; by default such pages are refused.
    public init(
        origin: WebOrigin,
        relatedOrigins: @escaping @Sendable (_ relyingPartyID: String) async -> RelatedOrigins? = { _ in nil }
    ) {
        self.origin = origin
        self.relatedOrigins = relatedOrigins
    }

    /// The RP ID to use: one that the origin may claim by its domain, or because the relying party says so (§5.11).
    func relyingPartyID(_ id: String?) async throws(ClientPlatformError) -> String {
        do throws(ClientPlatformError) {
            return try origin.relyingPartyID(id)
        } catch {
            guard case .relyingPartyID(let id, _) = error, WebOrigin.isDomain(id), id.contains("."),
                let related = await relatedOrigins(id), related.contain(origin)
            else { throw error }
            return id
        }
    }

    /// The serialized client data and their hash.
    func clientData(type: String, challenge: Base64URLString) -> (json: [UInt8], hash: [UInt8]) {
        let json = CollectedClientData(type: type, challenge: challenge.bytes, origin: origin.serialized).encoded
        return (json, Self.hash(json))
    }

    /// SHA-256.
    static func hash(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

    /// Reads authenticator data and checks that they are about this RP ID.
    static func authenticatorData(
        _ bytes: [UInt8], relyingPartyID: String
    ) throws(ClientPlatformError) -> AuthenticatorData {
        let data: AuthenticatorData
        do throws(AuthenticatorDataError) {
            data = try AuthenticatorData(decoding: bytes)
        } catch {
            throw .unexpectedAnswer("\(error)")
        }
        guard data.relyingPartyIDHash == hash(Array(relyingPartyID.utf8)) else {
            throw .unexpectedAnswer("it is about another RP ID")
        }
        return data
    }
}
