/// A QR code that has appeared on a screen.
public struct QRCodeSighting: Sendable {
    /// What it says.
    public var text: String
    /// When the last look began that did not show it; `nil` if it was there from the start.
    public var unseenAt: ContinuousClock.Instant?

    /// A code that says this, and was not there at that time.
    public init(text: String, unseenAt: ContinuousClock.Instant? = nil) {
        self.text = text
        self.unseenAt = unseenAt
    }
}
