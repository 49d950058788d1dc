public import WebAuthnModel

extension Authenticator {
    /// What an authenticator is and does.
    public struct Configuration: Equatable, Sendable {
        /// The device it stands in for.
        public var flavour: Flavour
        /// The ways in which it can vouch for new credentials; the first is taken unless the platform prefers another.
        public var attestations: [Attestation]
        /// Which edition of CTAP it keeps to.
        public var profile: Profile
        /// Whether its gate can verify the user: it has a fingerprint reader, or is a phone.
        public var verifiesUser: Bool
        /// The fingers that are enrolled when it leaves the factory; a reset erases them like all others.
        public var enrolledFingers: [String]
        /// The algorithms of new credentials, most wanted first; without a key maker in ``supplement`` some cannot be had.
        public var algorithms: [COSEAlgorithm]
        /// Who makes and loads keys of the algorithms that this module lacks, of new credentials and of earlier ones.
        public var supplement: SupplementaryAlgorithms
        /// What it vouches with for single devices: enterprise attestation is possible.
        public var enterpriseIdentity: AttestationIdentity?
        /// The relying parties that get enterprise attestation when they ask for the vendor's kind.
        public var enterpriseRelyingPartyIDs: [String]
        /// How it keeps large blobs, where it does.
        ///
        /// The extension `largeBlob` came with CTAP 2.3: earlier profiles take no notice.
        public var largeBlobStorage = LargeBlobStorage.array
        /// Whether it can have a PIN, hands out PIN/UV auth tokens and can be managed; a phone has its screen lock instead.
        ///
        /// Without, it is an authenticator of CTAP 2.0 that verifies its user by itself or not at all.
        public var supportsPIN: Bool
        /// Whether it is part of the client device: the `plat` option, and the transport `internal`.
        public var isBuiltIn: Bool
        /// How long it waits for the user; CTAP 2.3 §6.1.2 wants at least ten seconds.
        public var userActionTimeout: Duration
        /// How long after power-up a reset over CTAPHID is possible (CTAP 2.3 §6.6); `nil` for always.
        public var resetWindow: Duration?
        /// The firmware's version in authenticatorGetInfo.
        public var firmwareVersion: UInt64

        /// A configuration with the flavour's habits.
        ///
        /// - Parameters:
        ///   - attestation: the only way in which it vouches; `nil` for the flavour's habit: none for a phone, self attestation for the others.
        ///   - verifiesUser: `nil` for the flavour's habit: a security key only tests presence, the others verify.
        ///   - enrolledFingers: `nil` for one finger where there is a fingerprint reader; without any, the user cannot be
        ///     verified until one is enrolled.
        ///   - isBuiltIn: `nil` for the flavour's habit: a platform authenticator is, the others are not. One behind a
        ///     door of security keys is not, whatever its flavour: Chromium does not talk to a USB device that says so.
        public init(
            flavour: Flavour, profile: Profile = .ctap23, attestation: Attestation? = nil, verifiesUser: Bool? = nil,
            enrolledFingers: [String]? = nil, isBuiltIn: Bool? = nil,
            userActionTimeout: Duration = .seconds(30), resetWindow: Duration? = .seconds(10),
            firmwareVersion: UInt64 = 1
        ) {
            self.flavour = flavour
            attestations = [attestation ?? (flavour == .phone ? .none : .selfAttestation)]
            self.profile = profile
            supportsPIN = flavour != .phone
            self.verifiesUser = verifiesUser ?? (flavour != .securityKey)
            let hasSensor = self.verifiesUser && flavour != .phone
            self.enrolledFingers = hasSensor ? enrolledFingers ?? ["right index finger"] : []
            algorithms = CredentialPrivateKey.supportedAlgorithms
            supplement = .none
            (enterpriseIdentity, enterpriseRelyingPartyIDs) = (nil, [])
            self.isBuiltIn = isBuiltIn ?? flavour.isPlatform
            self.userActionTimeout = userActionTimeout
            self.resetWindow = resetWindow
            self.firmwareVersion = firmwareVersion
        }

        /// The model: the one that the attestation certificate names, where there is one, so that the two agree.
        public var aaguid: AAGUID { attestations.lazy.compactMap(\.identity).first?.aaguid ?? flavour.aaguid }

        /// How a client can reach it.
        var transports: [AuthenticatorTransport] {
            flavour.isPlatform && !isBuiltIn ? [.usb] : flavour.transports
        }

        /// Whether fingers can be enrolled.
        var enrollsFingers: Bool { verifiesUser && supportsPIN && profile.hasManagement }

        /// Whether it answers CTAP1/U2F requests.
        var answersCTAP1: Bool { flavour == .securityKey && supportsPIN }

        /// The algorithms that new credentials can really have, most wanted first: there is a maker of such keys, and a way to
        /// vouch for them.
        public var offeredAlgorithms: [COSEAlgorithm] { algorithms.filter(offers) }

        /// Whether a new credential can have an algorithm.
        func offers(_ algorithm: COSEAlgorithm) -> Bool {
            algorithms.contains(algorithm)
                && (CredentialPrivateKey.byteCount(algorithm) != nil || supplement[algorithm] != nil)
                && attestations.contains { $0.attests(algorithm) }
        }

        /// The longest serialised array of large blobs, in bytes.
        var maximumLargeBlobArrayByteCount: Int { 4096 }

        /// The longest large blob beside a credential, compressed, in bytes.
        var maximumLargeBlobByteCount: Int { 4096 }

        /// Whether it has the array of large blobs: the option `largeBlobs`.
        var hasLargeBlobArray: Bool { largeBlobStorage == .array || !profile.isCurrent }

        /// The longest credBlob, in bytes.
        var maximumCredBlobByteCount: Int { 64 }

        /// How many relying parties setMinPINLength takes.
        var maximumMinimumPINLengthRelyingPartyCount: Int { 16 }

        /// The longest PIN, in code points; 63 bytes of UTF-8 are the end in any case.
        var maximumPINLength: Int { 63 }

        /// The largest message in bytes: what CTAPHID can carry, 57 + 128 · 59 (CTAP 2.3 §11.2.4).
        public var maximumMessageSize: UInt64 { 7609 }

        /// The longest exclude list or allow list.
        public var maximumCredentialCountInList: Int { 32 }
    }
}
