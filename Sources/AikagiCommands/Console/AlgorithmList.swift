import ArgumentParser
import SoftwareAuthenticator
import SupplementaryKeys
import WebAuthnModel

/// The algorithms of an authenticator's new credentials, most wanted first, by their names.
struct AlgorithmList: Equatable, Sendable {
    /// The algorithms, each once.
    let algorithms: [COSEAlgorithm]

    /// Their names on the command line.
    private static let names: [(name: String, algorithm: COSEAlgorithm)] = [
        ("es256", .es256), ("eddsa", .edDSA), ("es384", .es384), ("es512", .es512), ("es256k", .es256K),
        ("rs256", .rs256), ("ml-dsa-44", .mlDSA44), ("ml-dsa-65", .mlDSA65),
    ]

    /// All but ML-DSA, whose numbers some browsers do not know and refuse (Firefox before 138).
    static let standard = AlgorithmList(
        algorithms: CredentialPrivateKey.supportedAlgorithms + [COSEAlgorithm.es256K, .rs256])

    /// All names, separated by commas.
    static let allNames = names.map(\.name).joined(separator: ", ")

    private init(algorithms: [COSEAlgorithm]) { self.algorithms = algorithms }

    /// Reads names.
    ///
    /// - Throws: A sentence that says which of them is unknown or there twice.
    init(_ text: String, separator: Character) throws(ValidationError) {
        var algorithms: [COSEAlgorithm] = []
        for part in text.split(separator: separator, omittingEmptySubsequences: false) {
            guard let known = AlgorithmList.names.first(where: { $0.name == part }) else {
                throw ValidationError("there is no algorithm '\(part)'; there are \(AlgorithmList.allNames)")
            }
            guard !algorithms.contains(known.algorithm) else {
                throw ValidationError("the algorithm '\(part)' is there twice; give it once")
            }
            algorithms.append(known.algorithm)
        }
        self.algorithms = algorithms
    }
}

extension Authenticator.Configuration {
    /// Offers the algorithms of a list; keys of the others are loaded all the same.
    mutating func offer(_ list: AlgorithmList) {
        algorithms = list.algorithms
        supplement = .all
    }
}
