import CBOR
import FoundationEssentials
import WebAuthnModel

extension FuzzedDecoder {
    static let webAuthnDecoders = [
        FuzzedDecoder("authenticator-data") { input in
            guard let data = attempt({ try AuthenticatorData(decoding: input) }) else { return }
            require(data.encoded == input, "authenticator data has one encoding")
        },
        FuzzedDecoder("attestation-object") { input in
            guard let object = attempt({ try AttestationObject(decoding: input) }) else { return }
            let again = attempt { try AttestationObject(decoding: object.encoded) }
            require(again == object && again?.encoded == object.encoded, "it survives a round trip")
        },
        FuzzedDecoder("cose-key") { input in
            guard let item = attempt({ try CBORDecoder.decode(input) }), let key = attempt({ try COSEKey(item) })
            else { return }
            require(CBOREncoder.encode(key.cbor) == input, "a key has one encoding")
        },
        FuzzedDecoder("client-data") { input in
            guard let data = json({ try CollectedClientData(decoding: input) }) else { return }
            let again = json { try CollectedClientData(decoding: data.encoded) }
            require(again?.encoded == data.encoded, "it survives a round trip")
        },
        FuzzedDecoder("creation-options") { roundTrip(PublicKeyCredentialCreationOptions.self, $0) },
        FuzzedDecoder("request-options") { roundTrip(PublicKeyCredentialRequestOptions.self, $0) },
        FuzzedDecoder("base64url") { input in
            let text = Base64URL.encode(input)
            require(Base64URL.decode(text) == input, "bytes survive a round trip")
            guard let bytes = Base64URL.decode(String(decoding: input, as: UTF8.self)) else { return }
            require(Array(Base64URL.encode(bytes).utf8) == input, "bytes have one spelling")
        },
    ]

    /// Decodes JSON; Foundation's errors are not ours to judge.
    private static func json<Value>(_ decode: () throws -> Value) -> Value? {
        do {
            return try decode()
        } catch {
            return nil
        }
    }

    private static func roundTrip<Value: Codable & Equatable>(_ type: Value.Type, _ input: [UInt8]) {
        guard let value = json({ try JSONDecoder().decode(type, from: Data(input)) }) else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let encoded = certain { try encoder.encode(value) }
        let again = json { try JSONDecoder().decode(type, from: encoded) }
        require(again == value, "it survives a round trip")
        // Equal values may have texts that differ in their bytes.
        require(certain { try encoder.encode(again) } == encoded, "its texts survive a round trip byte for byte")
    }
}
