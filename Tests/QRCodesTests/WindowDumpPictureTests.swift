import Testing

@testable import QRCodes

@Suite struct WindowDumpPictureTests {
    /// The dump of two pixels beside each other, in blue, green, red and one more byte.
    private static func dump(_ pixels: [UInt8], width: UInt32 = 2, bitsPerPixel: UInt32 = 32) -> [UInt8] {
        let header: [UInt32] = [
            100, 7, 2, 24, width, 1, 0, 0, 32, 0, 32, bitsPerPixel, width * 4, 4, 0xFF0000, 0xFF00, 0xFF, 8, 256, 0,
            width, 1, 0, 0, 0,
        ]
        return header.flatMap { number in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) } } + pixels
    }

    @Test("A screen becomes a PNG of 24 bits per pixel, with red where red was")
    func colours() throws {
        let red = try WindowDumpPicture.png(Self.dump([0, 0, 255, 9, 0, 0, 255, 9]))
        // IHDR: width, height, bits per sample, colour type RGB.
        #expect(Array(red[16..<26]) == [0, 0, 0, 2, 0, 0, 0, 1, 8, 2])
        let blue = try WindowDumpPicture.png(Self.dump([255, 0, 0, 9, 255, 0, 0, 9]))
        let (redLevel, blueLevel) = (try PNGCodec.decode(red).pixels, try PNGCodec.decode(blue).pixels)
        #expect(redLevel[0] == redLevel[1] && redLevel[0] > blueLevel[0] && blueLevel[0] > 0)
        let white = try WindowDumpPicture.png(Self.dump([255, 255, 255, 0, 0, 0, 0, 0]))
        #expect(try PNGCodec.decode(white).pixels == [255, 0])
    }

    @Test(
        "What is no such dump is refused",
        arguments: [
            [], [0], dump([]), dump([0, 0, 0, 0, 0, 0, 0]), dump([0, 0, 0, 0], bitsPerPixel: 24), dump([], width: 0),
            dump([0, 0, 0, 0, 0, 0, 0, 0], width: .max / 4),
        ])
    func refused(dump: [UInt8]) {
        #expect(throws: QRCodeError.self) { try WindowDumpPicture.png(dump) }
    }
}
