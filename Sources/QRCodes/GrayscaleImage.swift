/// An image of one byte per pixel, row by row from the top, 0 black and 255 white.
struct GrayscaleImage: Hashable, Sendable {
    /// The most pixels that are read or written: enough for two 4K screens, and 50 MB of memory.
    static let maximumPixelCount = 50_000_000

    let width: Int
    let height: Int
    let pixels: [UInt8]

    /// An image whose dimensions have been checked.
    init(width: Int, height: Int, pixels: [UInt8]) {
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// Refuses dimensions that are not positive or whose product exceeds the limit.
    static func check(width: Int, height: Int) throws(QRCodeError) {
        guard width > 0, height > 0 else { throw .damagedImage("it has no pixels") }
        let (count, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow, count <= maximumPixelCount else { throw .imageTooLarge(width: width, height: height) }
    }
}
