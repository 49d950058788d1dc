/// A kind of message that an authenticator takes (CTAP 2.3 §11.5.1.2, post-handshake message key 3); an open set.
public struct HybridFeature: RawRepresentable, Hashable, Sendable {
    /// CTAP messages.
    public static let ctap = HybridFeature(rawValue: "ctap")
    /// JSON messages about digital credentials.
    public static let digitalCredentials = HybridFeature(rawValue: "dc")

    /// The name in the message.
    public let rawValue: String

    /// The feature of some name.
    public init(rawValue: String) { self.rawValue = rawValue }
}
