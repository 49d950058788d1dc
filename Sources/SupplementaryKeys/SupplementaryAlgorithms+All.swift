public import SoftwareAuthenticator

extension SupplementaryAlgorithms {
    /// What the libraries of this machine add: ES256K and RS256 by OpenSSL, ML-DSA-44 by BoringSSL.
    public static let all = SupplementaryAlgorithms([ES256KAlgorithm(), RS256Algorithm(), MLDSA44Algorithm()])
}
