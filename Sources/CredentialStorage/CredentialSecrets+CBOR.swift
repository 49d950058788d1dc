import CBOR
import Foundation
import WebAuthnModel

/// The form in rows of a store; exports have the one in JSON.
///
/// | key | member | type |
/// |---|---|---|
/// | 1 | privateKey | bstr |
/// | 2 | userHandle | bstr |
/// | 3 | userName | tstr, optional |
/// | 4 | userDisplayName | tstr, optional |
/// | 5 | blob | bstr, optional |
/// | 6 | largeBlobKey | bstr, optional |
/// | 7 | largeBlob | map of 1 (compressed, bstr) and 2 (originalSize, uint), both optional; optional |
/// | 8 | isThirdPartyPaymentEnabled | bool, optional |
/// | 9 | protection | uint |
extension CredentialSecrets {
    /// What is sealed in a row: a canonical CBOR map.
    package var encoded: [UInt8] {
        var map = CBORMap()
        map[1] = .bytes(privateKey.bytes)
        map[2] = .bytes(userHandle.bytes)
        map[3] = userName.map(CBORValue.text)
        map[4] = userDisplayName.map(CBORValue.text)
        map[5] = blob.map { .bytes($0.bytes) }
        map[6] = largeBlobKey.map { .bytes($0.bytes) }
        map[7] = largeBlob.map { largeBlob in
            var map = CBORMap()
            map[1] = largeBlob.compressed.map { .bytes($0.bytes) }
            map[2] = largeBlob.originalSize.map(CBORValue.unsigned)
            return .map(map)
        }
        map[8] = isThirdPartyPaymentEnabled.map(CBORValue.boolean)
        map[9] = protection.map { .unsigned(UInt64($0)) }
        return CBOREncoder.encode(.map(map))
    }

    /// Reads what was sealed in a row: CBOR since schema 3, JSON before.
    ///
    /// - Throws: ``CredentialSecretsError/malformed``.
    package init(decoding bytes: [UInt8]) throws(CredentialSecretsError) {
        // No CBOR map begins so.
        if bytes.first == UInt8(ascii: "{") {
            guard let secrets = try? JSONDecoder().decode(CredentialSecrets.self, from: Data(bytes)) else {
                throw .malformed
            }
            self = secrets
            return
        }
        guard let map = (try? CBORDecoder.decode(bytes))?.map,
            map.entries.allSatisfy({ $0.key.integer.map((1...9).contains) ?? false })
        else { throw .malformed }
        func member<Value>(_ key: CBORValue, _ read: (CBORValue) -> Value?) throws(CredentialSecretsError) -> Value? {
            guard let item = map[key] else { return nil }
            guard let value = read(item) else { throw .malformed }
            return value
        }
        func byteString(_ item: CBORValue) -> Base64URLString? { item.bytes.map { Base64URLString($0) } }
        guard let privateKey = try member(1, byteString), let userHandle = try member(2, byteString) else {
            throw .malformed
        }
        self.privateKey = privateKey
        self.userHandle = userHandle
        userName = try member(3, \.text)
        userDisplayName = try member(4, \.text)
        blob = try member(5, byteString)
        largeBlobKey = try member(6, byteString)
        largeBlob = try member(7) { item in
            guard let map = item.map else { return nil }
            let (compressed, originalSize) = (map[1]?.bytes, map[2]?.unsigned)
            // What is there has the right type, and nothing else is there.
            guard map.count == [compressed != nil, originalSize != nil].count(where: \.self) else { return nil }
            return LargeBlob(compressed: compressed.map { Base64URLString($0) }, originalSize: originalSize)
        }
        isThirdPartyPaymentEnabled = try member(8, \.boolean)
        protection = try member(9) { $0.unsigned.flatMap { UInt8(exactly: $0) } }
    }
}
