/// The header of an X window dump of true-colour pixels with 32 bits (X11/XWDFile.h, version 7): 25 big-endian numbers,
/// and the window's name, which is empty.
enum WindowDumpHeader {
    /// The header of an image whose bytes lie as blue, green, red and one more.
    static func bytes(width: UInt32, height: UInt32) -> [UInt8] {
        let numbers: [UInt32] = [
            100, 7, 2, 24, width, height, 0,  // header size, version, ZPixmap, depth, size, x offset
            0, 32, 0, 32, 32,  // least significant byte first; unit, bit order, pad, bits per pixel
            width &* 4, 4,  // bytes per line, TrueColor
            0xFF0000, 0xFF00, 0xFF, 8, 256, 0,  // masks, bits per colour, entries and colours of the map
            width, height, 0, 0, 0,  // the window
        ]
        return numbers.flatMap { number in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> UInt32($0)) } }
    }
}
