import CTAP
import WebAuthnModel

extension WebAuthnClient {
    /// Fits a list of credentials to what the authenticator takes (CTAP 2.3 §6.4, maxCredentialCountInList and
    /// maxCredentialIdLength; §6.1.2 and §6.2.2 leave longer lists to the platform).
    ///
    /// IDs that are too long cannot be the authenticator's. When there are too many, it is asked part by part, without
    /// a test of user presence, which ones it holds.
    static func fitting(
        _ list: [PublicKeyCredentialDescriptor], relyingPartyID: String, info: AuthenticatorInfo,
        authenticator: any CTAPClient
    ) async throws(ClientPlatformError) -> [PublicKeyCredentialDescriptor] {
        let longest = info.maximumCredentialIDLength ?? .max
        let list = list.filter { UInt64($0.id.bytes.count) <= longest }
        guard let limit = info.maximumCredentialCountInList, limit > 0, UInt64(list.count) > limit else {
            return list
        }
        var rest = list[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(Int(clamping: limit)))
            rest = rest.dropFirst(part.count)
            let held = try await held(of: part, relyingPartyID: relyingPartyID, authenticator: authenticator)
            if !held.isEmpty { return held }
        }
        return []
    }

    /// The credentials of a short list that the authenticator holds.
    private static func held(
        of list: [PublicKeyCredentialDescriptor], relyingPartyID: String, authenticator: any CTAPClient
    ) async throws(ClientPlatformError) -> [PublicKeyCredentialDescriptor] {
        // The assertions are thrown away: the hash is one that no client data have.
        let request = GetAssertionRequest(
            relyingPartyID: relyingPartyID, clientDataHash: [UInt8](repeating: 0, count: 32), allowList: list,
            options: AuthenticatorOptions(userPresence: false))
        do throws(CTAPClientError) {
            let assertions = try await authenticator.getAssertions(request)
            let ids = assertions.compactMap(\.credential?.id)
            // A lone credential may be left out of the answer; which one it is does not matter here.
            return ids.isEmpty ? list : list.filter { ids.contains($0.id) }
        } catch .status(.noCredentials) {
            return []
        } catch {
            throw .authenticator(error)
        }
    }
}
