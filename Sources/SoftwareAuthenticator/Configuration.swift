public import WebAuthnModel

extension Authenticator {
    /// What an authenticator is and does.
    public struct Configuration: Equatable, Sendable {
        /// The device it stands in for.
        public var flavour: Flavour
        /// How it vouches for new credentials.
        public var attestation: Attestation
        /// Whether its gate can verify the user: the `uv` option.
        public var verifiesUser: Bool
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
        ///   - attestation: `nil` for the flavour's habit: none for a phone, self attestation for the others.
        ///   - verifiesUser: `nil` for the flavour's habit: a security key only tests presence, the others verify.
        ///   - isBuiltIn: `nil` for the flavour's habit: a platform authenticator is, the others are not. One behind a
        ///     door of security keys is not, whatever its flavour: Chromium does not talk to a USB device that says so.
        public init(
            flavour: Flavour, attestation: Attestation? = nil, verifiesUser: Bool? = nil,
            isBuiltIn: Bool? = nil,
            userActionTimeout: Duration = .seconds(30), resetWindow: Duration? = .seconds(10),
            firmwareVersion: UInt64 = 1
        ) {
            self.flavour = flavour
            self.attestation = attestation ?? (flavour == .phone ? .none : .selfAttestation)
            self.verifiesUser = verifiesUser ?? (flavour != .securityKey)
            self.isBuiltIn = isBuiltIn ?? flavour.isPlatform
            self.userActionTimeout = userActionTimeout
            self.resetWindow = resetWindow
            self.firmwareVersion = firmwareVersion
        }

        /// The model: the one that the attestation certificate names, where there is one, so that the two agree.
        public var aaguid: AAGUID {
            if case .basic(let identity) = attestation { identity.aaguid } else { flavour.aaguid }
        }

        /// How a client can reach it.
        var transports: [AuthenticatorTransport] {
            flavour.isPlatform && !isBuiltIn ? [.usb] : flavour.transports
        }

        /// The largest message in bytes: what CTAPHID can carry, 57 + 128 · 59 (CTAP 2.3 §11.2.4).
        public var maximumMessageSize: UInt64 { 7609 }

        /// The longest exclude list or allow list.
        public var maximumCredentialCountInList: Int { 32 }
    }
}
