public import WebAuthnModel

extension SignatureVerifiers {
    /// What the libraries of this machine add to a relying party: ES256K by OpenSSL, ML-DSA-44 by BoringSSL.
    public static let all = SignatureVerifiers([ES256KVerifier(), MLDSA44Verifier()])
}
