import CBOR
import Crypto
import SwiftASN1
import WebAuthnModel
import X509

/// What an attestation vouches for.
struct NewCredential {
    let id: [UInt8]
    let key: CredentialPrivateKey
    let relyingPartyIDHash: [UInt8]
    let authenticatorData: [UInt8]
    let clientDataHash: [UInt8]

    private var message: [UInt8] { authenticatorData + clientDataHash }

    /// The attestation statement; the clauses are those of WebAuthn Level 3.
    ///
    /// - Parameter generator: draws the serial numbers of certificates.
    func statement(
        _ attestation: Attestation, using generator: inout some RandomNumberGenerator
    ) throws -> CBORMap {
        var statement = CBORMap()
        switch attestation {
        case .none: break
        case .selfAttestation: try sign(&statement, with: key)
        case .basic(let identity):
            try sign(&statement, with: identity.privateKey)
            statement["x5c"] = [.bytes(identity.leafCertificate)]
        case .fidoU2F(let identity):
            statement["sig"] = .bytes(try identity.privateKey.signature(for: try u2fMessage()))
            statement["x5c"] = [.bytes(identity.leafCertificate)]
        case .tpm(let identity):
            statement = try TPMStatement(message: message, publicKey: key.publicKey).signed(by: identity)
        case .androidKey(let issuer):
            try sign(&statement, with: key)
            let certificate = try androidCertificate(issuer, using: &generator)
            statement["x5c"] = [
                .bytes(certificate), .bytes(issuer.leafCertificate), .bytes(issuer.rootCertificate),
            ]
        case .apple(let issuer):
            let certificate = try appleCertificate(issuer, using: &generator)
            statement["x5c"] = [.bytes(certificate), .bytes(issuer.leafCertificate)]
        }
        return statement
    }

    private func sign(
        _ statement: inout CBORMap, with key: CredentialPrivateKey
    ) throws(CredentialPrivateKeyError) {
        statement["alg"] = CBORValue(key.algorithm.rawValue)
        statement["sig"] = .bytes(try key.signature(for: message))
    }

    /// §8.6: `0x00 ‖ SHA-256(RP ID) ‖ clientDataHash ‖ credential ID ‖ 0x04 ‖ x ‖ y` is signed.
    private func u2fMessage() throws(CredentialPrivateKeyError) -> [UInt8] {
        guard case .ec2(_, .p256, let x, let y) = key.publicKey else { throw .unsupportedAlgorithm(key.algorithm) }
        return [0x00] + relyingPartyIDHash + clientDataHash + id + [0x04] + x + y
    }

    /// §8.4.1: the challenge is the client data hash, the key was made here, and can only sign.
    private func androidCertificate(
        _ issuer: AttestationIdentity, using generator: inout some RandomNumberGenerator
    ) throws -> [UInt8] {
        let description = try AndroidKeyDescription(challenge: clientDataHash).der
        return try certificate("Android Keystore Key", issuer, using: &generator) {
            Critical(KeyUsage(digitalSignature: true))
            Certificate.Extension(
                oid: [1, 3, 6, 1, 4, 1, 11129, 2, 1, 17], critical: false, value: description[...])
        }
    }

    /// §8.8: an extension holds SHA-256 of what the other formats sign, `SEQUENCE { [1] EXPLICIT OCTET STRING }`.
    private func appleCertificate(
        _ issuer: AttestationIdentity, using generator: inout some RandomNumberGenerator
    ) throws -> [UInt8] {
        let nonce = Array(SHA256.hash(data: message))
        return try certificate("Credential", issuer, using: &generator) {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            Certificate.Extension(
                oid: [1, 2, 840, 113635, 100, 8, 2], critical: false,
                value: [0x30, 0x24, 0xA1, 0x22, 0x04, 0x20] + nonce[...])
        }
    }

    private func certificate(
        _ name: String, _ issuer: AttestationIdentity, using generator: inout some RandomNumberGenerator,
        @ExtensionsBuilder extensions: () throws -> Result<Certificate.Extensions, any Error>
    ) throws -> [UInt8] {
        let authority = try CertificateIssuer(certificate: issuer.leafCertificate, privateKey: issuer.privateKey)
        return try authority.certificate(
            subject: DistinguishedName { CommonName(name) }, publicKey: key.publicKey,
            serialNumber: CertificateIssuer.serialNumber(using: &generator), extensions: extensions)
    }
}
