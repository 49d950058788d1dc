import WebAuthnModel

/// What passkeys derive a secret from when a page asks for it (WebAuthn Level 3 §10.1.4, `prf`).
///
/// The secret stays in the page, which shows its fingerprint; neither is sent to the portal.
struct DerivedSecret {
    /// `eval.first`: the same bytes whenever they are asked for, so that a passkey derives the same secret.
    let salt: [UInt8]

    /// The salt of a portal: `Aikagi Portal PRF ` and its RP ID.
    init(relyingPartyID: String) { salt = Array("Aikagi Portal PRF \(relyingPartyID)".utf8) }

    /// The member `extensions` of request options.
    var extensions: [String: JSONValue] {
        ["prf": .object(["eval": .object(["first": .string(Base64URL.encode(salt))])])]
    }
}
