import CTAP

extension Authenticator {
    /// authenticatorClientPIN (CTAP 2.3 §6.5.5): key agreement alone, since there is neither a PIN nor a token.
    func clientPIN(_ request: ClientPINRequest) throws -> CTAPResponse {
        // §8.1: a subcommand that is not implemented.
        guard request.subcommand == .getKeyAgreement else { throw CTAPStatus.invalidSubcommand }
        // §6.5.5.4, 1. The mandatory parameter.
        guard let number = request.pinUVAuthProtocol else { throw CTAPStatus.missingParameter }
        // 2. A protocol that is not supported.
        guard let supported = configuration.flavour.pinUVAuthProtocols.first(where: { $0.rawValue == number }) else {
            throw CTAPStatus.invalidParameter
        }
        // 3. The public key, the same until the power goes.
        return ClientPINResponse(keyAgreement: try keyAgreementKey(supported).publicKey).response
    }

    /// The key agreement key of a protocol, made when it is first asked for.
    func keyAgreementKey(_ pinUVAuthProtocol: PINUVAuthProtocol) throws(PINUVAuthError) -> KeyAgreementPrivateKey {
        if let key = keyAgreementKeys[pinUVAuthProtocol] { return key }
        let key = try KeyAgreementPrivateKey(using: &randomness)
        keyAgreementKeys[pinUVAuthProtocol] = key
        return key
    }
}
