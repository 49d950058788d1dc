import ArgumentParser

/// The ways in which an authenticator vouches for new credentials, by their names; the first is its habit.
struct AttestationList: Equatable, Sendable {
    /// A way, by its name on the command line.
    enum Kind: String, CaseIterable, Sendable {
        case selfSigned = "self"
        case basic
        case none
        case fidoU2F = "fido-u2f"
        case tpm
        case androidKey = "android-key"
        case apple

        /// Whether there are certificates in it.
        var isCertified: Bool { self != .selfSigned && self != .none }
    }

    /// The ways, each once.
    let kinds: [Kind]

    /// All names, separated by commas.
    static let allNames = Kind.allCases.map(\.rawValue).joined(separator: ", ")

    /// Reads names.
    ///
    /// - Throws: A sentence that says which of them is unknown or there twice.
    init(_ text: String, separator: Character) throws(ValidationError) {
        var kinds: [Kind] = []
        for part in text.split(separator: separator, omittingEmptySubsequences: false) {
            guard let kind = Kind(rawValue: String(part)) else {
                throw ValidationError("there is no attestation '\(part)'; there are \(AttestationList.allNames)")
            }
            guard !kinds.contains(kind) else {
                throw ValidationError("the attestation '\(part)' is there twice; give it once")
            }
            kinds.append(kind)
        }
        guard !(kinds.contains(.selfSigned) && kinds.contains(.basic)) else {
            throw ValidationError("'self' and 'basic' are both of the format packed; give one")
        }
        self.kinds = kinds
    }
}
