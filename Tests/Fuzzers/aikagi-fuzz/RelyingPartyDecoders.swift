import CBOR
import FoundationEssentials
import RelyingParty
import SupplementaryKeys
import SwiftASN1
import TestSupport
import WebAuthnModel
import X509

extension FuzzedDecoder {
    static let relyingPartyDecoders = [
        FuzzedDecoder("registration-json") { input in
            guard let response = attempt({ try WebAuthnRelyingParty.registrationResponse(json: input) }) else { return }
            verify(response)
        },
        FuzzedDecoder("authentication-json") { input in
            guard let response = attempt({ try WebAuthnRelyingParty.authenticationResponse(json: input) })
            else { return }
            verify(response, publicKey: publicKey)
        },
        // The same without JSON and base64url around it, which mutations seldom survive.
        FuzzedDecoder("registration") { input in
            var reader = InputReader(input)
            let clientDataJSON = reader.long()
            let object = reader.rest()
            let bytes = attempt { try AttestationObject(decoding: object) }?.authenticatorData
            let data = attempt { try AuthenticatorData(decoding: bytes ?? []) }
            verify(
                RegistrationResponse(
                    credentialID: data?.attestedCredentialData?.credentialID ?? [],
                    response: RegistrationResponse.Response(
                        clientDataJSON: clientDataJSON, attestationObject: object),
                    authenticatorAttachment: nil))
        },
        FuzzedDecoder("authentication") { input in
            var reader = InputReader(input)
            let publicKey = reader.long()
            let clientDataJSON = reader.long()
            let authenticatorData = reader.long()
            verify(
                AuthenticationResponse(
                    credentialID: [1],
                    response: AuthenticationResponse.Response(
                        clientDataJSON: clientDataJSON, authenticatorData: authenticatorData,
                        signature: reader.rest(), userHandle: nil),
                    authenticatorAttachment: nil),
                publicKey: publicKey)
        },
    ]

    private static let userHandle: [UInt8] = [4, 2]
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let relyingParty = certain {
        try WebAuthnRelyingParty(
            id: "example.org", name: "The Example", origins: ["https://example.org"],
            topOrigins: ["https://example.com"], verifiers: .all, attestation: .direct,
            attestationPolicy: AttestationPolicy(trustAnchors: [Certificate(derEncoded: root)]),
            userVerification: .preferred)
    }

    private static func ceremony(_ kind: Ceremony.Kind, challenge: [UInt8]) -> Ceremony {
        Ceremony(
            kind: kind, challenge: challenge, expires: now + 300, userHandle: userHandle,
            userVerification: .preferred, algorithms: relyingParty.algorithms)
    }

    /// Verifies a registration whose challenge is right, since that is nothing to be found by chance.
    private static func verify(_ response: RegistrationResponse) {
        guard let challenge = attempt({ try WebAuthnRelyingParty.challenge(in: response) }) else { return }
        runToEnd {
            do throws(RegistrationError) {
                let result = try await relyingParty.verify(
                    registration: response, for: ceremony(.registration, challenge: challenge), existing: nil,
                    now: now)
                require(result.record.id == response.rawId, "the record is that of the response")
                let key = attempt { try COSEKey(CBORDecoder.decode(result.record.publicKey.bytes)) }
                require(key != nil, "the record has a key that can be read again")
            } catch {
                require(isSentence("\(error)"), "an error says what is wrong")
            }
        }
    }

    /// Verifies an authentication whose challenge is right and whose credential has the given key.
    private static func verify(_ response: AuthenticationResponse, publicKey: [UInt8]) {
        guard let challenge = attempt({ try WebAuthnRelyingParty.challenge(in: response) }) else { return }
        let record = CredentialRecord(
            id: response.rawId.bytes, userHandle: userHandle, publicKey: publicKey, signatureCounter: 0,
            transports: [], userVerificationInitialized: false,
            // What the authenticator data says, so that the signature is reached.
            backupEligible: (response.response.authenticatorData.bytes.dropFirst(32).first ?? 0) & 8 != 0,
            backupState: false, aaguid: AAGUID.zero)
        let result = attempt {
            try relyingParty.verify(
                authentication: response, for: ceremony(.authentication, challenge: challenge), record: record,
                now: now)
        }
        require(result == nil || result?.record.id == record.id, "the record is still that of the credential")
    }

    /// The key of the vector in WebAuthn Level 3 §16.2.
    private static let publicKey = bytes(
        """
        a5010203262001215820afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61
        225820930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220
        """)

    /// The attestation trust root of WebAuthn Level 3 §16.1.
    private static let root = bytes(
        """
        30820207308201ada003020102021100ed7f905d8bd0b414d1784913170a90b6300a06082a8648ce3d0403023062311e301c
        06035504030c15576562417574686e207465737420766563746f7273310c300a060355040a0c035733433125302306035504
        0b0c1c41757468656e74696361746f72204174746573746174696f6e204341310b30090603550406130241413020170d3234
        303130313030303030305a180f33303234303130313030303030305a3062311e301c06035504030c15576562417574686e20
        7465737420766563746f7273310c300a060355040a0c0357334331253023060355040b0c1c41757468656e74696361746f72
        204174746573746174696f6e204341310b30090603550406130241413059301306072a8648ce3d020106082a8648ce3d0301
        07034200043269300e5ff7b699015f70cf80a8763bf705bc2e2af0c1b39cff718b7c35880ca30f319078d91b03389a006fdf
        c8a1dcd84edfa07d30aa13474a248a0dab5baaa3423040300f0603551d130101ff040530030101ff300e0603551d0f0101ff
        040403020106301d0603551d0e0416041445aff715b0dd786741fee996ebc16547a3931b1e300a06082a8648ce3d04030203
        480030450220483063b6bb08dcc83da33a02c11d2f42203176893554d138c614a36908724cc8022100f5ef2c912d4500b3e2
        f5b591d0622491e9f220dfd1f9734ec484bb7e90887663
        """)

    private static func bytes(_ digits: String) -> [UInt8] { [UInt8](hex: digits) ?? [] }
}
