import Crypto
import CryptoExtras
import FoundationEssentials
import WebAuthnModel
import X509

extension Certificate.PublicKey {
    /// The key in COSE form, for the algorithm that a statement says it signs with.
    ///
    /// - Returns: `nil` when the key is of a kind that no supported algorithm uses. Whether key and algorithm fit each
    ///   other is the verification's question.
    func coseKey(algorithm: COSEAlgorithm) -> COSEKey? {
        if let key = P256.Signing.PublicKey(self) {
            let point = Array(key.rawRepresentation)
            return .ec2(algorithm: algorithm, curve: .p256, x: Array(point.prefix(32)), y: Array(point.dropFirst(32)))
        }
        if let key = Curve25519.Signing.PublicKey(self) {
            return .okp(algorithm: algorithm, curve: .ed25519, x: Array(key.rawRepresentation))
        }
        if let key = _RSA.Signing.PublicKey(self) {
            do {
                let numbers = try key.getKeyPrimitives()
                return .rsa(
                    algorithm: algorithm, modulus: Array(numbers.modulus), exponent: Array(numbers.publicExponent))
            } catch {
                return nil
            }
        }
        return nil
    }
}
