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

    /// The client of a page.
    public init(origin: WebOrigin) { self.origin = origin }

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
