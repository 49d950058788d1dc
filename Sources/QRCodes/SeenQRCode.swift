/// A QR code in an image.
public struct SeenQRCode: Hashable, Sendable {
    /// What it says.
    public var text: String
    /// Where it is, without its quiet zone.
    public var region: PixelRegion

    /// A code that says this and is here.
    public init(text: String, region: PixelRegion) {
        self.text = text
        self.region = region
    }
}
