import CTAP

/// A PIN/UV auth token in use, with the state variables of CTAP 2.3 §6.5.2.1.
struct ActiveToken: Sendable {
    /// How long it may stay unused at first, and how long its touch counts (§6.5.2.1, initial usage time limit).
    static let initialUsage: Duration = .seconds(30)
    /// How long it lives at most, however busy.
    static let maximumUsage: Duration = .seconds(600)

    let token: PINUVAuthToken
    var permissions: PINUVAuthPermissions
    /// The RP ID it is bound to; that of the first use if none was given.
    var relyingPartyID: String?
    /// How the user was verified.
    let method: Verification.Method
    /// Whether it was got by getPinToken, which knows no permissions: it is good for the preview's commands as well.
    let isLegacy: Bool
    /// Whether whoever it was given to was verified, and nothing that tests presence has used that up.
    var isUserVerified = true
    /// Whether the user touched something for it, and nothing has used that up.
    var isUserPresent: Bool
    /// When it was handed out.
    let startedAt: Duration
    /// Whether it has been used at all.
    var hasBeenUsed = false

    init(
        token: PINUVAuthToken, permissions: PINUVAuthPermissions, relyingPartyID: String?,
        method: Verification.Method, isLegacy: Bool, startedAt: Duration
    ) {
        self.token = token
        self.permissions = permissions
        self.relyingPartyID = relyingPartyID
        self.method = method
        // A PIN is typed on the platform, and a finger laid on the authenticator.
        isUserPresent = method == .fingerprint
        self.isLegacy = isLegacy
        self.startedAt = startedAt
    }

    /// When it ends in any case.
    var expiresAt: Duration { startedAt + Self.maximumUsage }

    /// Whether it may still be used.
    func isAlive(at now: Duration) -> Bool {
        let age = now - startedAt
        return age <= Self.maximumUsage && (hasBeenUsed || age <= Self.initialUsage)
    }

    /// Whether its touch still counts.
    func showsPresence(at now: Duration) -> Bool { isUserPresent && now - startedAt <= Self.initialUsage }

    /// What a command that has tested presence leaves of it: nothing but the permission to write large blobs.
    mutating func consume() {
        permissions.formIntersection(.largeBlobWrite)
        (isUserVerified, isUserPresent) = (false, false)
    }
}
