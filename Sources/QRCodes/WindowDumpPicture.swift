import CPNG

/// Pictures of screens for people: an X window dump in colour, as PNG.
public enum WindowDumpPicture {
    /// The screen as a PNG of 24 bits per pixel.
    ///
    /// - Parameter dump: what `Xvfb -fbdir` keeps and a screen's capture returns: 32 bits per pixel, blue first.
    /// - Throws: ``QRCodeError/damagedImage(_:)`` for other dumps, ``QRCodeError/imageNotWritten(_:)``.
    public static func png(_ dump: [UInt8]) throws(QRCodeError) -> [UInt8] {
        guard let (width, height, offset) = XWDImage.packedPixels(dump) else {
            throw .damagedImage("it is no window dump with 32 bits per pixel")
        }
        let count = width * height
        // The bounds of the dump were checked with its head.
        let colours = [UInt8](unsafeUninitializedCapacity: count * 3) { pixels, filled in
            dump.withUnsafeBytes { bytes in
                var (source, target) = (offset, 0)
                while target < count * 3 {
                    pixels[target] = bytes[source + 2]
                    pixels[target + 1] = bytes[source + 1]
                    pixels[target + 2] = bytes[source]
                    source += 4
                    target += 3
                }
            }
            filled = count * 3
        }
        return try PNGCodec.encode(colours, width: width, height: height, isColoured: true)
    }
}
