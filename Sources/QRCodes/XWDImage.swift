/// Reads X window dumps, which is what `Xvfb -fbdir` keeps the screen in and what `xwd` writes.
///
///     file   ::= header ‖ window name ‖ colour map ‖ rows
///     header ::= 25 numbers of 4 bytes, big endian (X11/XWDFile.h); the first counts header and name in bytes
///     row    ::= bytes_per_line bytes, of which the first width · bits_per_pixel / 8 are pixels
///
/// Only what today's screens are is read: true colour in ZPixmap format with 16, 24 or 32 bits per pixel.
enum XWDImage {
    /// The header's fields that are of use, at their places.
    private enum Field: Int {
        case headerSize = 0
        case version = 1
        case format = 2
        case width = 4
        case height = 5
        case byteOrder = 7
        case bitsPerPixel = 11
        case bytesPerLine = 12
        case visualClass = 13
        case redMask = 14
        case greenMask = 15
        case blueMask = 16
        case colourCount = 19
    }

    private static let headerByteCount = 100
    private static let colourByteCount = 12
    private static let version: UInt32 = 7
    private static let zPixmap: UInt32 = 2
    private static let trueColour: UInt32 = 4
    private static let directColour: UInt32 = 5

    /// Whether bytes begin as a dump does: with a header of a sensible size and version 7.
    static func isRecognised(_ data: [UInt8]) -> Bool {
        data.count >= 8 && data[0] == 0 && data[1] == 0 && Array(data[4..<8]) == [0, 0, 0, 7]
    }

    /// Where the pixels of a dump begin, if they are what zbar converts by itself and faster: four bytes each, blue, green and
    /// red first, and nothing between the rows.
    ///
    /// - Returns: `nil` for every other dump, a damaged one among them.
    static func packedPixels(_ data: [UInt8]) -> (width: Int, height: Int, offset: Int)? {
        guard data.count >= headerByteCount else { return nil }
        func number(_ field: Field) -> Int {
            Int(data[(4 * field.rawValue)..<(4 * field.rawValue + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        }
        let (width, height) = (number(.width), number(.height))
        let offset = number(.headerSize) + number(.colourCount) * colourByteCount
        guard isRecognised(data), number(.headerSize) >= headerByteCount, number(.format) == Int(zPixmap),
            number(.bitsPerPixel) == 32, number(.byteOrder) == 0, number(.bytesPerLine) == width * 4,
            [Int(trueColour), Int(directColour)].contains(number(.visualClass)),
            [number(.redMask), number(.greenMask), number(.blueMask)] == [0xFF0000, 0xFF00, 0xFF],
            width > 0, height > 0, width <= GrayscaleImage.maximumPixelCount / height,
            offset + width * height * 4 <= data.count
        else { return nil }
        return (width, height, offset)
    }

    /// The screen as grey levels.
    ///
    /// - Throws: ``QRCodeError/damagedImage(_:)`` when it is cut off or of another kind,
    ///   ``QRCodeError/imageTooLarge(width:height:)``.
    static func decode(_ data: [UInt8]) throws(QRCodeError) -> GrayscaleImage {
        guard data.count >= headerByteCount else { throw .damagedImage("the header is cut off") }
        func number(_ field: Field) -> UInt32 {
            data[(4 * field.rawValue)..<(4 * field.rawValue + 4)].reduce(0) { $0 << 8 | UInt32($1) }
        }
        let (headerSize, colourCount) = (Int(number(.headerSize)), Int(number(.colourCount)))
        guard number(.version) == version, headerSize >= headerByteCount else {
            throw .damagedImage("the header is none of an X window dump")
        }
        guard number(.format) == zPixmap, [trueColour, directColour].contains(number(.visualClass)) else {
            throw .damagedImage("it is no true-colour window dump")
        }
        let (width, height) = (Int(number(.width)), Int(number(.height)))
        try GrayscaleImage.check(width: width, height: height)
        let layout = try PixelLayout(
            bitsPerPixel: number(.bitsPerPixel), isBigEndian: number(.byteOrder) != 0,
            masks: [number(.redMask), number(.greenMask), number(.blueMask)])
        // All of these are below 2³², and the products below 2⁶²: nothing can overflow.
        let stride = Int(number(.bytesPerLine))
        let start = headerSize + colourCount * colourByteCount
        guard stride >= width * layout.byteCount else { throw .damagedImage("its rows are too short") }
        guard start + (height - 1) * stride + width * layout.byteCount <= data.count else {
            throw .damagedImage("it is cut off")
        }
        let pixels = [UInt8](unsafeUninitializedCapacity: width * height) { grey, count in
            data.withUnsafeBytes { bytes in
                for row in 0..<height {
                    layout.convert(
                        UnsafeRawBufferPointer(rebasing: bytes[(start + row * stride)...]), width: width,
                        into: UnsafeMutableBufferPointer(rebasing: grey[(row * width)...]))
                }
            }
            count = width * height
        }
        return GrayscaleImage(width: width, height: height, pixels: pixels)
    }
}

/// How a pixel's colours lie in its bytes.
private struct PixelLayout {
    let byteCount: Int
    private let isBigEndian: Bool
    private let masks: [UInt32]

    /// - Throws: ``QRCodeError/damagedImage(_:)`` for other pixels than those of screens.
    init(bitsPerPixel: UInt32, isBigEndian: Bool, masks: [UInt32]) throws(QRCodeError) {
        guard [16, 24, 32].contains(bitsPerPixel) else {
            throw .damagedImage("it has \(bitsPerPixel) bits per pixel, not 16, 24 or 32")
        }
        guard masks.allSatisfy({ $0 != 0 }) else { throw .damagedImage("it has no colours") }
        byteCount = Int(bitsPerPixel / 8)
        self.isBigEndian = isBigEndian
        self.masks = masks
    }

    /// The places of red, green and blue in a pixel, if each is one whole byte.
    private var wholeBytes: (red: Int, green: Int, blue: Int)? {
        var places: [Int] = []
        for mask in masks {
            let shift = mask.trailingZeroBitCount
            guard mask >> shift == 0xFF, shift % 8 == 0, shift / 8 < byteCount else { return nil }
            places.append(isBigEndian ? byteCount - 1 - shift / 8 : shift / 8)
        }
        return (places[0], places[1], places[2])
    }

    /// Turns a row into grey levels: a quarter of red and blue, half of green.
    ///
    /// The caller has made sure that the row holds `width` pixels, and the result as many bytes.
    func convert(_ row: UnsafeRawBufferPointer, width: Int, into grey: UnsafeMutableBufferPointer<UInt8>) {
        // Not elegant but fast, even when it is not optimised: a screen has a million pixels and more.
        var (index, offset) = (0, 0)
        if let (red, green, blue) = wholeBytes, let row = row.baseAddress, let grey = grey.baseAddress {
            let bytes = row.assumingMemoryBound(to: UInt8.self)
            while index < width {
                let sum = Int(bytes[offset &+ red]) &+ 2 &* Int(bytes[offset &+ green]) &+ Int(bytes[offset &+ blue])
                grey[index] = UInt8(truncatingIfNeeded: sum &>> 2)
                index &+= 1
                offset &+= byteCount
            }
            return
        }
        while index < width {
            var pixel: UInt32 = 0
            for place in 0..<byteCount {
                let byte = row[offset + (isBigEndian ? place : byteCount - 1 - place)]
                pixel = pixel << 8 | UInt32(byte)
            }
            let levels = masks.map { mask in
                let shift = mask.trailingZeroBitCount
                return UInt64((pixel & mask) >> shift) * 255 / UInt64(mask >> shift)
            }
            grey[index] = UInt8(clamping: (levels[0] + 2 * levels[1] + levels[2]) / 4)
            index += 1
            offset += byteCount
        }
    }
}
