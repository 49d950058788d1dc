import CBOR
import Crypto
import Foundation
import Portal
import WebAuthnModel

/// Client and authenticator in one, with a single ES256 passkey.
struct TestAuthenticator {
    private let key = P256.Signing.PrivateKey()
    let credentialID = (0..<16).map { _ in UInt8.random(in: 0...255) }
    private(set) var userHandle: [UInt8] = []
    var counter: UInt32 = 0
    var origin = PortalFixture.origin
    var relyingPartyID = "portal.example"
    var flags: AuthenticatorData.Flags = [.userPresent, .userVerified]
    var aaguid = AAGUID.zero

    /// Answers creation options with a self-made credential and no attestation.
    mutating func create(_ json: String) throws -> String {
        let options = try JSONDecoder().decode(PublicKeyCredentialCreationOptions.self, from: Data(json.utf8))
        userHandle = options.user.id.bytes
        counter += 1
        let point = Array(key.publicKey.rawRepresentation)
        let publicKey = COSEKey.ec2(
            algorithm: .es256, curve: .p256, x: Array(point.prefix(32)), y: Array(point.suffix(32)))
        let data = AuthenticatorData(
            relyingPartyIDHash: Array(SHA256.hash(data: Array(relyingPartyID.utf8))), flags: flags,
            signatureCounter: counter,
            attestedCredentialData: AttestedCredentialData(
                aaguid: aaguid, credentialID: credentialID, publicKey: publicKey))
        let clientData = CollectedClientData(
            type: CollectedClientData.createType, challenge: options.challenge.bytes, origin: origin)
        let response = RegistrationResponse(
            credentialID: credentialID,
            response: RegistrationResponse.Response(
                clientDataJSON: clientData.encoded, transports: [.internal, .hybrid],
                attestationObject: AttestationObject(
                    format: .none, statement: CBORMap(), authenticatorData: data.encoded
                ).encoded),
            authenticatorAttachment: "platform")
        return String(decoding: try JSONEncoder().encode(response), as: UTF8.self)
    }

    /// Answers request options.
    mutating func get(_ json: String) throws -> String {
        let options = try JSONDecoder().decode(PublicKeyCredentialRequestOptions.self, from: Data(json.utf8))
        counter += 1
        let data = AuthenticatorData(
            relyingPartyIDHash: Array(SHA256.hash(data: Array(relyingPartyID.utf8))), flags: flags,
            signatureCounter: counter
        ).encoded
        let clientData = CollectedClientData(
            type: CollectedClientData.getType, challenge: options.challenge.bytes, origin: origin
        ).encoded
        let signature = try key.signature(for: data + Array(SHA256.hash(data: clientData)))
        let response = AuthenticationResponse(
            credentialID: credentialID,
            response: AuthenticationResponse.Response(
                clientDataJSON: clientData, authenticatorData: data, signature: Array(signature.derRepresentation),
                userHandle: userHandle),
            authenticatorAttachment: "platform")
        return String(decoding: try JSONEncoder().encode(response), as: UTF8.self)
    }
}
