import CBOR
import Crypto
import SwiftASN1
import WebAuthnModel
import X509

/// A TPM's certification of a credential's key (WebAuthn Level 3 §8.3), in the structures of "TPM 2.0 Library, Part 2".
struct TPMStatement {
    /// TPMT_PUBLIC (Part 2 §12.2.4) of the credential's key.
    private let publicArea: [UInt8]
    /// TPMS_ATTEST (Part 2 §10.12.8) of the same.
    private let certification: [UInt8]

    /// The algorithms whose keys a TPM describes.
    static let algorithms: [COSEAlgorithm] = [.es256, .es384, .es512, .rs256]

    /// The directory name in the certificate of the attesting key ("TCG EK Credential Profile" §3.2.9).
    ///
    /// Relying parties take only manufacturers of TCG's registry; this one, MSFT, also stands in the published simulator of a
    /// TPM.
    static let moduleName = DistinguishedName(
        [
            ([2, 23, 133, 2, 1], "id:4D534654"), ([2, 23, 133, 2, 2], "Aikagi"), ([2, 23, 133, 2, 3], "id:00000001"),
        ].map { (type: ASN1ObjectIdentifier, text: String) in
            RelativeDistinguishedName(RelativeDistinguishedName.Attribute(type: type, utf8String: text))
        })

    /// - Parameters:
    ///   - message: authenticator data and client data hash.
    ///   - publicKey: the credential's key.
    init(message: [UInt8], publicKey: COSEKey) throws(CredentialPrivateKeyError) {
        publicArea = try TPMStatement.publicArea(of: publicKey)
        let name = Number.sha256.bytes + Array(SHA256.hash(data: publicArea))
        // The key that signs is ES256's, hence SHA-256 here too. Clock and firmware say nothing: nobody may rely on them.
        let clock = [UInt8](repeating: 0, count: 8 + 4 + 4) + [1]
        let firmware = [UInt8](repeating: 0, count: 8)
        certification =
            [0xFF, 0x54, 0x43, 0x47] + Number.attestCertify.bytes + TPMStatement.sized([])
            + TPMStatement.sized(Array(SHA256.hash(data: message))) + clock + firmware + TPMStatement.sized(name)
            + TPMStatement.sized([])
    }

    /// The statement with its signature.
    func signed(by identity: AttestationIdentity) throws(CredentialPrivateKeyError) -> CBORMap {
        var statement = CBORMap()
        statement["ver"] = "2.0"
        statement["alg"] = CBORValue(identity.privateKey.algorithm.rawValue)
        statement["sig"] = .bytes(try identity.privateKey.signature(for: certification))
        statement["x5c"] = [.bytes(identity.leafCertificate)]
        statement["certInfo"] = .bytes(certification)
        statement["pubArea"] = .bytes(publicArea)
        return statement
    }

    /// Constants of Part 2 §6.3, §6.4, §6.9.
    private enum Number: UInt16 {
        case rsa = 0x0001
        case sha256 = 0x000B
        case none = 0x0010
        case ecc = 0x0023
        case attestCertify = 0x8017
        case nistP256 = 0x0003
        case nistP384 = 0x0004
        case nistP521 = 0x0005

        var bytes: [UInt8] { [UInt8(rawValue >> 8), UInt8(rawValue & 0xFF)] }
    }

    private static func publicArea(of key: COSEKey) throws(CredentialPrivateKeyError) -> [UInt8] {
        // fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, sign (Part 2 §8.3).
        let attributes: [UInt8] = [0x00, 0x04, 0x00, 0x72]
        let (type, parameters, unique): (Number, [UInt8], [UInt8])
        switch key {
        case .rsa(_, let modulus, [1, 0, 1]):
            // No symmetric cipher, any scheme, the length in bits, and the customary exponent.
            let length = UInt16(clamping: modulus.count * 8)
            let bits = [UInt8(length >> 8), UInt8(length & 0xFF)]
            (type, parameters) = (.rsa, Number.none.bytes + Number.none.bytes + bits + [0, 0, 0, 0])
            unique = sized(modulus)
        case .ec2(_, let curve, let x, let y):
            let number: Number
            switch curve {
            case .p256: number = .nistP256
            case .p384: number = .nistP384
            case .p521: number = .nistP521
            default: throw .unsupportedAlgorithm(key.algorithm)
            }
            // No symmetric cipher, any scheme, the curve, no derivation of keys.
            (type, parameters) = (.ecc, Number.none.bytes + Number.none.bytes + number.bytes + Number.none.bytes)
            unique = sized(x) + sized(y)
        default: throw .unsupportedAlgorithm(key.algorithm)
        }
        return type.bytes + Number.sha256.bytes + attributes + sized([]) + parameters + unique
    }

    /// A TPM2B structure: bytes behind their number.
    private static func sized(_ bytes: [UInt8]) -> [UInt8] {
        let count = UInt16(clamping: bytes.count)
        return [UInt8(count >> 8), UInt8(count & 0xFF)] + bytes
    }
}
