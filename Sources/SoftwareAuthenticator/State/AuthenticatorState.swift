import CBOR

/// What an authenticator keeps through a loss of power besides credentials: PIN, retries, fingers, settings, the persistent
/// token.
public struct AuthenticatorState: Equatable, Sendable {
    /// The PIN, if one is set.
    public var pin: StoredPIN?
    /// How many wrong PINs are left.
    public var pinRetries: Int
    /// How many failed verifications are left.
    public var uvRetries: Int
    /// The shortest PIN in code points.
    public var minimumPINLength: Int
    /// The relying parties that may know ``minimumPINLength``.
    public var minimumPINLengthRelyingPartyIDs: [String]
    /// Whether the PIN has to be changed before it yields a token.
    public var forcesPINChange: Bool
    /// Whether new PINs must be complex.
    public var enforcesPINComplexity: Bool
    /// Whether the user is verified for everything.
    public var alwaysVerifiesUser: Bool
    /// Whether enterprise attestation is enabled.
    public var isEnterpriseAttestationEnabled: Bool
    /// Whether a reset needs a long touch.
    public var needsLongTouchForReset: Bool
    /// The enrolled fingers.
    public var templates: [FingerprintTemplate]
    /// The persistent PIN/UV auth token, 32 bytes.
    public var persistentToken: SecretBytes
    /// Tells this device from others, 16 bytes; drawn anew by a reset.
    public var deviceIdentifier: [UInt8]

    /// How many wrong PINs there may be in a row.
    public static let maximumPINRetries = 8
    /// How many failed verifications there may be in a row.
    public static let maximumUVRetries = 5
    /// The shortest PIN unless somebody sets another length (CTAP 2.3 §6.4, minPINLength).
    public static let usualMinimumPINLength = 4

    /// The state of a new device, or of one that was reset.
    public init(templates: [FingerprintTemplate], using generator: inout some RandomNumberGenerator) {
        pinRetries = Self.maximumPINRetries
        uvRetries = Self.maximumUVRetries
        minimumPINLength = Self.usualMinimumPINLength
        minimumPINLengthRelyingPartyIDs = []
        (forcesPINChange, enforcesPINComplexity, alwaysVerifiesUser) = (false, false, false)
        (isEnterpriseAttestationEnabled, needsLongTouchForReset) = (false, false)
        self.templates = templates
        persistentToken = SecretBytes(randomBytes(32, using: &generator))
        deviceIdentifier = randomBytes(16, using: &generator)
    }
}

/// What is known of a PIN.
public struct StoredPIN: Equatable, Sendable {
    /// The first 16 bytes of the SHA-256 of its UTF-8.
    public var hash: SecretBytes
    /// Its length in code points.
    public var codePointCount: Int
}

/// An enrolled finger.
public struct FingerprintTemplate: Hashable, Sendable {
    /// Its identifier.
    public var id: [UInt8]
    /// Its name, once it has one.
    public var friendlyName: String?
    /// Which of a person's fingers it is: what a gate calls it.
    public var finger: String

    /// Puts the parts together.
    public init(id: [UInt8], friendlyName: String? = nil, finger: String) {
        self.id = id
        self.friendlyName = friendlyName
        self.finger = finger
    }
}

extension AuthenticatorState {
    /// The state for a store to keep sealed: a CBOR map.
    ///
    /// | key | member | type |
    /// |---|---|---|
    /// | 1 | PIN hash | bstr, 16 bytes, optional |
    /// | 2 | PIN length in code points | uint, optional |
    /// | 3 | PIN retries | uint |
    /// | 4 | UV retries | uint |
    /// | 5 | minimum PIN length | uint |
    /// | 6 | RP IDs for it | array of tstr |
    /// | 7 | forced PIN change, PIN complexity, alwaysUv, enterprise attestation, long touch | array of 5 bool |
    /// | 8 | fingers | array of [bstr id, tstr name or empty, tstr finger] |
    /// | 9 | persistent token | bstr, 32 bytes |
    /// | 10 | device identifier | bstr, 16 bytes |
    public var serialized: SecretBytes {
        var map = CBORMap()
        map[1] = pin.map { .bytes($0.hash.exposeSecret()) }
        map[2] = pin.map { CBORValue($0.codePointCount) }
        map[3] = CBORValue(pinRetries)
        map[4] = CBORValue(uvRetries)
        map[5] = CBORValue(minimumPINLength)
        map[6] = .array(minimumPINLengthRelyingPartyIDs.map(CBORValue.text))
        map[7] = .array(
            [
                forcesPINChange, enforcesPINComplexity, alwaysVerifiesUser, isEnterpriseAttestationEnabled,
                needsLongTouchForReset,
            ].map(CBORValue.boolean))
        map[8] = .array(templates.map { [.bytes($0.id), .text($0.friendlyName ?? ""), .text($0.finger)] })
        map[9] = .bytes(persistentToken.exposeSecret())
        map[10] = .bytes(deviceIdentifier)
        return SecretBytes(CBOREncoder.encode(.map(map)))
    }

    /// Reads what ``serialized`` wrote; `nil` for anything else.
    public init?(serialized: SecretBytes) {
        guard let map = (try? CBORDecoder.decode(serialized.exposeSecret()))?.map,
            let pinRetries = map[3]?.integer, let uvRetries = map[4]?.integer, let minimum = map[5]?.integer,
            let ids = map[6]?.array, let switches = map[7]?.array?.compactMap(\.boolean), switches.count == 5,
            (0...Self.maximumPINRetries).contains(pinRetries), (0...Self.maximumUVRetries).contains(uvRetries),
            (Self.usualMinimumPINLength...63).contains(minimum), let fingers = map[8]?.array, let token = map[9]?.bytes,
            token.count == 32, let device = map[10]?.bytes,
            device.count == 16
        else { return nil }
        var templates: [FingerprintTemplate] = []
        for entry in fingers {
            guard let parts = entry.array, parts.count == 3, let id = parts[0].bytes, let name = parts[1].text,
                let finger = parts[2].text
            else { return nil }
            templates.append(FingerprintTemplate(id: id, friendlyName: name.isEmpty ? nil : name, finger: finger))
        }
        if let hash = map[1]?.bytes, let count = map[2]?.integer {
            guard hash.count == 16, (1...63).contains(count) else { return nil }
            pin = StoredPIN(hash: SecretBytes(hash), codePointCount: count)
        }
        (self.pinRetries, self.uvRetries, minimumPINLength) = (pinRetries, uvRetries, minimum)
        minimumPINLengthRelyingPartyIDs = ids.compactMap(\.text)
        (forcesPINChange, enforcesPINComplexity, alwaysVerifiesUser) = (switches[0], switches[1], switches[2])
        (isEnterpriseAttestationEnabled, needsLongTouchForReset) = (switches[3], switches[4])
        self.templates = templates
        persistentToken = SecretBytes(token)
        deviceIdentifier = device
    }
}

extension AuthenticatorState: CustomStringConvertible, CustomReflectable {
    /// Nothing that is secret.
    public var description: String {
        "authenticator state, PIN \(pin == nil ? "not " : "")set, \(templates.count) fingers"
    }
    /// No children, so that dumping a value that holds this one shows nothing either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
