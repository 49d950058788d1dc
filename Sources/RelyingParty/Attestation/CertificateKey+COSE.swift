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
        if let key = P256.Signing.PublicKey(self) { return .point(key.rawRepresentation, .p256, algorithm) }
        if let key = P384.Signing.PublicKey(self) { return .point(key.rawRepresentation, .p384, algorithm) }
        if let key = P521.Signing.PublicKey(self) { return .point(key.rawRepresentation, .p521, algorithm) }
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

extension COSEKey {
    /// A key whose coordinates are x ‖ y.
    fileprivate static func point(_ coordinates: Data, _ curve: COSECurve, _ algorithm: COSEAlgorithm) -> COSEKey {
        let count = curve.coordinateByteCount
        return .ec2(
            algorithm: algorithm, curve: curve, x: Array(coordinates.prefix(count)),
            y: Array(coordinates.dropFirst(count)))
    }
}
