import SwiftASN1
import WebAuthnModel
import X509

/// What several formats demand of their leaf.
extension Certificate {
    /// id-fido-gen-ce-aaguid.
    static let aaguidExtension: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 45724, 1, 1, 4]

    /// Throws when the certificate names a model, and not this one.
    func checkAAGUID(_ aaguid: AAGUID) throws(AttestationError) {
        guard let item = extensions[oid: Self.aaguidExtension] else { return }
        guard !item.critical else { throw .certificateAAGUIDCritical }
        let named: AAGUID?
        do {
            named = AAGUID(try ASN1OctetString(derEncoded: item.value).bytes)
        } catch {
            throw .certificateAAGUIDMalformed
        }
        guard let named else { throw .certificateAAGUIDMalformed }
        guard named == aaguid else { throw .certificateAAGUID(certificate: named, authenticatorData: aaguid) }
    }

    /// Throws unless basic constraints say that the certificate is no authority.
    func checkIsNoAuthority() throws(AttestationError) {
        let constraints: BasicConstraints?
        do {
            constraints = try extensions.basicConstraints
        } catch {
            throw .certificateIsAuthority
        }
        guard case .notCertificateAuthority? = constraints else { throw .certificateIsAuthority }
    }

    /// Whether the certificate is for this key.
    func isFor(_ key: COSEKey) -> Bool {
        guard case .rsa(_, let modulus, let exponent) = key else {
            return publicKey.coseKey(algorithm: key.algorithm) == key
        }
        guard case .rsa(_, let ownModulus, let ownExponent)? = publicKey.coseKey(algorithm: key.algorithm) else {
            return false
        }
        return modulus.drop { $0 == 0 } == ownModulus.drop { $0 == 0 }
            && exponent.drop { $0 == 0 } == ownExponent.drop { $0 == 0 }
    }
}
