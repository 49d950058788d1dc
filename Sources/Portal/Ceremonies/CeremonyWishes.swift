import WebAuthnModel

/// What a client may ask for when it begins a ceremony; everything may be left out.
struct CeremonyWishes: Decodable {
    /// Of a registration: `platform` or `cross-platform`.
    var authenticatorAttachment: String?
    /// What kind of authenticator to offer first: `security-key`, `client-device`, `hybrid`, most wanted first.
    var hints: [String]?
    /// Of an authentication: `conditional` when passkeys are to be offered among a field's suggestions; changes nothing here.
    var mediation: String?
    /// Of an authentication: the one passkey to use, of the account that has logged in.
    var credentialId: Base64URLString?
    /// Of an authentication: whether the passkey is to derive a secret (``DerivedSecret``).
    var prf: Bool?

    /// Reads a body.
    ///
    /// - Throws: ``PortalFailure/malformedJSON`` when it is not JSON or a value is none of those above.
    init(body: [UInt8]) throws {
        guard let wishes = try? JSONText.decode(CeremonyWishes.self, from: String(decoding: body, as: UTF8.self)),
            [nil, "platform", "cross-platform"].contains(wishes.authenticatorAttachment),
            [nil, "conditional"].contains(wishes.mediation), (wishes.hints ?? []).count <= 3,
            (wishes.hints ?? []).allSatisfy({ ["security-key", "client-device", "hybrid"].contains($0) })
        else { throw PortalFailure.malformedJSON }
        self = wishes
    }
}
