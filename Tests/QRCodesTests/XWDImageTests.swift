import TestSupport
import Testing

@testable import QRCodes

/// X window dumps, written as the servers of this world write them.
private struct XWDFixture {
    var bitsPerPixel: UInt32 = 32
    var isBigEndian = false
    var masks: [UInt32] = [0xFF0000, 0xFF00, 0xFF]
    var windowName: [UInt8] = Array("Xvfb\0".utf8)
    var colourCount: UInt32 = 256
    var padding = 0
    var format: UInt32 = 2
    var visualClass: UInt32 = 4
    var version: UInt32 = 7

    /// A dump of a grey image.
    func encode(_ image: GrayscaleImage) -> [UInt8] {
        let byteCount = Int(bitsPerPixel / 8)
        let numbers: [UInt32] = [
            UInt32(100 + windowName.count), version, format, 24, UInt32(image.width), UInt32(image.height), 0,
            isBigEndian ? 1 : 0, 32, isBigEndian ? 1 : 0, 32, bitsPerPixel, UInt32(image.width * byteCount + padding),
            visualClass, masks[0], masks[1], masks[2], 8, 256, colourCount, UInt32(image.width),
            UInt32(image.height), 0, 0, 0,
        ]
        var data = numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }
        data += windowName
        data += [UInt8](repeating: 0xA5, count: 12 * Int(colourCount))
        for row in 0..<image.height {
            for column in 0..<image.width {
                let level = UInt64(image.pixels[row * image.width + column])
                var pixel: UInt32 = 0
                for mask in masks {
                    let shift = mask.trailingZeroBitCount
                    pixel |= UInt32(level * UInt64(mask >> shift) / 255) << shift
                }
                let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: pixel >> (8 * $0)) }
                data += isBigEndian ? bytes.reversed() : bytes
            }
            data += [UInt8](repeating: 0x5A, count: padding)
        }
        return data
    }
}

@Suite struct XWDImageTests {
    private static let text = "FIDO:/0123456789012345678901234567890123456789"

    private static let layouts: [XWDFixture] = [
        XWDFixture(),
        XWDFixture(isBigEndian: true),
        XWDFixture(windowName: [0], colourCount: 0, padding: 12),
        XWDFixture(bitsPerPixel: 24),
        XWDFixture(bitsPerPixel: 24, isBigEndian: true, masks: [0xFF, 0xFF00, 0xFF0000], padding: 1),
        XWDFixture(bitsPerPixel: 16, masks: [0xF800, 0x07E0, 0x001F], visualClass: 5),
        XWDFixture(bitsPerPixel: 16, isBigEndian: true, masks: [0x7C00, 0x03E0, 0x001F], padding: 2),
        XWDFixture(masks: [0x3FF0_0000, 0xFFC00, 0x3FF]),
    ]

    @Test("a QR code in a window dump is read", arguments: layouts.indices)
    func qrCode(index: Int) throws {
        let image = try QRCode.draw(Self.text).image(moduleSize: 3, quietZone: 4)
        let dump = Self.layouts[index].encode(image)
        #expect(try XWDImage.decode(dump) == image)
        #expect(try QRImageReader.read(data: dump) == [Self.text])
    }

    @Test(
        "colours weigh as the eye sees them", arguments: [(0xFF0000, 63), (0xFF00, 127), (0xFF, 63), (0xFFFFFF, 255)])
    func colours(colour: Int, level: UInt8) throws {
        var dump = XWDFixture().encode(GrayscaleImage(width: 1, height: 1, pixels: [0]))
        for place in 0..<4 { dump[dump.count - 4 + place] = UInt8(truncatingIfNeeded: colour >> (8 * place)) }
        #expect(try XWDImage.decode(dump).pixels == [level])
    }

    @Test("a dump cut off anywhere is refused")
    func truncated() {
        let dump = XWDFixture(padding: 4).encode(
            GrayscaleImage(width: 5, height: 4, pixels: Array(repeating: 9, count: 20)))
        // The last row's padding may be missing.
        for count in 8..<(dump.count - 4) {
            let error = #expect(throws: QRCodeError.self) { try QRImageReader.read(data: Array(dump.prefix(count))) }
            guard case .damagedImage = error else {
                Issue.record("\(count) bytes: \(String(describing: error))")
                continue
            }
        }
    }

    private static let refusals: [(field: Int, value: UInt32)] = [
        (0, 99), (0, 0xFFFF), (2, 0), (2, 1), (4, 0), (5, 0), (4, 0xFFFF_FFFF), (5, 0xFFFF_FFFF), (4, 60000), (11, 8),
        (11, 0), (11, 0xFFFF_FFFF), (12, 19), (12, 0xFFFF_FFFF), (13, 3), (14, 0), (16, 0), (19, 0xFFFF_FFFF),
    ]

    @Test("a header that does not fit is refused", arguments: refusals.indices)
    func refusal(index: Int) {
        let (field, value) = Self.refusals[index]
        var dump = XWDFixture().encode(GrayscaleImage(width: 5, height: 4, pixels: Array(repeating: 9, count: 20)))
        for place in 0..<4 { dump[4 * field + place] = UInt8(truncatingIfNeeded: value >> (24 - 8 * place)) }
        let error = #expect(throws: QRCodeError.self) { try QRImageReader.read(data: dump) }
        switch error {
        case .damagedImage, .imageTooLarge: break
        default: Issue.record("\(String(describing: error))")
        }
    }

    @Test("garbage behind the first bytes of a dump is refused or shows no QR code", arguments: 0..<200)
    func garbage(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var dump = XWDFixture().encode(GrayscaleImage(width: 5, height: 4, pixels: Array(repeating: 9, count: 20)))
        for _ in 0..<Int.random(in: 1...8, using: &generator) {
            dump[Int.random(in: 8..<100, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
        #expect(throws: QRCodeError.self) { try QRImageReader.read(data: dump) }
    }
}
