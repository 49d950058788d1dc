import ArgumentParser

/// How a key vouches for new credentials.
struct AttestationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How it vouches for new credentials: one or several kinds, separated by commas.",
            discussion: """
                Of \(AttestationList.allNames). The first is its habit; the others are for platforms that prefer their \
                format. Algorithms that none of them can vouch for are not offered: fido-u2f and apple know only es256, tpm \
                and android-key no es256k and ML-DSA. Default: self, for phone none.
                """, valueName: "kinds"), transform: { try AttestationList($0, separator: ",") })
    var attestation: AttestationList?

    @Option(
        help: ArgumentHelp(
            "Write the root of its certificates to this file (PEM), for a relying party to trust.",
            discussion: """
                Also of those of CTAP1/U2F. It is as old as the --store. A file is overwritten only if it holds such roots.
                """, valueName: "file"))
    var attestationRoot: String?

    @Option(
        help: ArgumentHelp(
            "It is capable of enterprise attestation, and this relying party gets the vendor's kind.",
            discussion: """
                May be given several times. Any relying party gets the platform's kind. Off until authenticatorConfig \
                enables it.
                """, valueName: "rp-id"))
    var enterprise: [String] = []

    /// What that amounts to.
    var plan: AttestationPlan {
        AttestationPlan(
            list: attestation, enterpriseRelyingPartyIDs: enterprise.isEmpty ? nil : enterprise,
            rootFile: attestationRoot.map(AttestationRootFile.init(path:)))
    }
}
