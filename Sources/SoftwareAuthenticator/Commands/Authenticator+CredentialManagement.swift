import CTAP
import WebAuthnModel

/// What an enumeration of credential management continues with (CTAP 2.3 §6.8.3, §6.8.4).
struct CredentialEnumeration<Item: Sendable>: Sendable {
    /// What comes next, one after the other.
    var remaining: ArraySlice<Item>
    /// When the token ends that it was begun with.
    let expiresAt: Duration?
    let transport: CTAPRequestContext.Transport
    var lastStep: Duration
}

/// The enumerations that are under way: that of the relying parties, and that of one's credentials.
///
/// A platform may walk through the credentials of each relying party before it asks for the next. CTAP 2.3 §6 (stateful
/// commands) lets an authenticator end a walk at any command between two steps (a MAY); ours, in every profile, ends
/// neither by the other's steps, and both by whatever else it is asked for.
struct CredentialEnumerations: Sendable {
    /// How long after the last step the next may come.
    static let lifetime: Duration = .seconds(30)

    var relyingParties: CredentialEnumeration<String>?
    var credentials: CredentialEnumeration<CredentialSource>?

    /// Whether there is a next step.
    var isUnderWay: Bool { relyingParties != nil || credentials != nil }
}

extension Authenticator {
    /// authenticatorCredentialManagement (CTAP 2.3 §6.8).
    func credentialManagement(
        _ request: CredentialManagementRequest, isPreview: Bool, in context: CTAPRequestContext
    ) async throws -> CTAPResponse {
        guard let subcommand = CredentialManagementRequest.Subcommand(rawValue: request.subcommand) else {
            throw CTAPStatus.invalidSubcommand
        }
        let pending = enumerations
        enumerations = CredentialEnumerations()
        switch subcommand {
        case .enumerateRelyingPartiesNext:
            enumerations.credentials = pending.credentials
            let (next, rest) = try step(pending.relyingParties, in: context)
            enumerations.relyingParties = rest
            return relyingPartyResponse(next, total: nil)
        case .enumerateCredentialsNext:
            enumerations.relyingParties = pending.relyingParties
            let (next, rest) = try step(pending.credentials, in: context)
            enumerations.credentials = rest
            return credentialResponse(next, total: nil)
        case .getMetadata:
            _ = try await verifyReader(request, isPreview: isPreview)
            let census = try await store.census()
            var response = CredentialManagementResponse()
            response.existingCount = UInt64(census.count)
            response.remainingCount = UInt64(max(census.capacity - census.count, 0))
            return response.response
        case .enumerateRelyingPartiesBegin:
            let expiresAt = try await verifyReader(request, isPreview: isPreview)
            let ids = try await store.relyingPartyIDs()
            guard let first = ids.first else { throw CTAPStatus.noCredentials }
            enumerations.relyingParties = enumeration(of: ids.dropFirst(), until: expiresAt, in: context)
            return relyingPartyResponse(first, total: ids.count)
        case .enumerateCredentialsBegin:
            guard request.pinUVAuthParam != nil else { throw CTAPStatus.puatRequired }
            let hash = try request.relyingPartyIDHash()
            let expiresAt = try await verifyReader(request, isPreview: isPreview)
            let id = try await store.relyingPartyIDs().first { Authenticator.hash($0) == hash }
            var sources: [CredentialSource] = []
            if let id { sources = try await store.sources(relyingPartyID: id) }
            guard let first = sources.first else { throw CTAPStatus.noCredentials }
            enumerations.relyingParties = pending.relyingParties
            enumerations.credentials = enumeration(of: sources.dropFirst(), until: expiresAt, in: context)
            return credentialResponse(first, total: sources.count)
        case .deleteCredential:
            let source = try await addressedCredential(request, isPreview: isPreview)
            try await store.delete(id: source.id)
            return CTAPResponse(.success)
        case .updateUserInformation:
            guard request.pinUVAuthParam != nil else { throw CTAPStatus.puatRequired }
            let user = try request.user()
            var source = try await addressedCredential(request, isPreview: isPreview)
            guard user.id.bytes == source.userHandle else { throw CTAPStatus.invalidParameter }
            // What is absent or empty is removed.
            source.userName = user.name.flatMap { $0.isEmpty ? nil : $0 }?
                .shortened(toByteCount: Authenticator.maximumNameByteCount)
            source.userDisplayName = user.displayName.flatMap { $0.isEmpty ? nil : $0 }?
                .shortened(toByteCount: Authenticator.maximumNameByteCount)
            try await store.update(source)
            return CTAPResponse(.success)
        }
    }

    /// That a token is good for reading; one that is bound to a relying party is not, whichever it is (§6.8.2).
    ///
    /// - Returns: when the token ends.
    private func verifyReader(_ request: CredentialManagementRequest, isPreview: Bool) async throws -> Duration? {
        let bounds = try await verify(
            request.pinUVAuthParam, protocol: request.pinUVAuthProtocol, for: request.authenticatedMessage,
            permission: .credentialManagement, isReadOnly: !isPreview, isPreview: isPreview)
        guard bounds.relyingPartyID == nil || isPreview else { throw CTAPStatus.pinAuthInvalid }
        return bounds.expiresAt
    }

    /// The credential that a change is about, once a token is found to be good for it (§6.8.5, §6.8.6).
    private func addressedCredential(
        _ request: CredentialManagementRequest, isPreview: Bool
    ) async throws -> CredentialSource {
        guard request.pinUVAuthParam != nil else { throw CTAPStatus.puatRequired }
        let descriptor = try request.credential()
        let boundTo = try await verify(
            request.pinUVAuthParam, protocol: request.pinUVAuthProtocol, for: request.authenticatedMessage,
            permission: .credentialManagement, isPreview: isPreview
        ).relyingPartyID
        let source = try await store.source(id: descriptor.id.bytes)
        // Whoever may manage one relying party's credentials learns nothing about the others'.
        if let boundTo, !isPreview, !(source?.isScoped(to: boundTo) ?? false) { throw CTAPStatus.pinAuthInvalid }
        guard let source else { throw CTAPStatus.noCredentials }
        return source
    }

    private func enumeration<Item>(
        of remaining: ArraySlice<Item>, until expiresAt: Duration?, in context: CTAPRequestContext
    ) -> CredentialEnumeration<Item>? {
        guard !remaining.isEmpty else { return nil }
        return CredentialEnumeration(
            remaining: remaining, expiresAt: expiresAt, transport: context.transport, lastStep: time.now())
    }

    /// The next of an enumeration, and what remains of it.
    private func step<Item>(
        _ pending: CredentialEnumeration<Item>?, in context: CTAPRequestContext
    ) throws(CTAPStatus) -> (next: Item, rest: CredentialEnumeration<Item>?) {
        guard var pending, pending.transport == context.transport,
            time.now() - pending.lastStep <= CredentialEnumerations.lifetime,
            pending.expiresAt.map({ time.now() <= $0 }) ?? true,
            let next = pending.remaining.popFirst()
        else { throw .notAllowed }
        return (next, enumeration(of: pending.remaining, until: pending.expiresAt, in: context))
    }

    private func relyingPartyResponse(_ id: String, total: Int?) -> CTAPResponse {
        var response = CredentialManagementResponse()
        response.relyingParty = PublicKeyCredentialRelyingPartyEntity(id: id, name: nil)
        response.relyingPartyIDHash = Authenticator.hash(id)
        response.totalRelyingParties = total.map { UInt64($0) }
        return response.response
    }

    private func credentialResponse(_ source: CredentialSource, total: Int?) -> CTAPResponse {
        var response = CredentialManagementResponse()
        response.user = PublicKeyCredentialUserEntity(
            id: source.userHandle, name: source.userName, displayName: source.userDisplayName)
        response.credential = PublicKeyCredentialDescriptor(id: source.id)
        response.publicKey = source.privateKey.publicKey
        response.totalCredentials = total.map { UInt64($0) }
        response.credentialProtection = UInt64(source.properties.protection.rawValue)
        response.largeBlobKey = source.properties.largeBlobKey?.exposeSecret()
        if configuration.profile.isCurrent {
            response.isThirdPartyPaymentEnabled = source.properties.isThirdPartyPaymentEnabled
        }
        return response.response
    }
}
