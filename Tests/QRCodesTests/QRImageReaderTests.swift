import TestSupport
import Testing

@testable import QRCodes

@Suite struct QRImageReaderTests {
    private static let text = "FIDO:/0123456789012345678901234567890123456789"

    @Test("what is no image is refused", arguments: ["", "00", "89504e47", "474946383961", "ffd7ff", "25504446"])
    func notAnImage(hex: String) throws {
        let data = try #require([UInt8](hex: hex))
        #expect(throws: QRCodeError.notAnImage) { try QRImageReader.read(data: data) }
    }

    @Test("a PNG cut off anywhere is refused")
    func truncatedPNG() throws {
        let png = try QRCode.draw(Self.text).pngData(moduleSize: 3)
        for count in stride(from: 8, to: png.count - 12, by: 7) {
            let error = #expect(throws: QRCodeError.self) { try QRImageReader.read(data: Array(png.prefix(count))) }
            if case .damagedImage = error { continue }
            Issue.record("\(count) bytes: \(String(describing: error))")
        }
    }

    @Test("a damaged PNG is refused or read right, never wrong")
    func damagedPNG() throws {
        let png = try QRCode.draw(Self.text).pngData(moduleSize: 3)
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<200 {
            var damaged = png
            damaged[Int.random(in: 8..<png.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            do throws(QRCodeError) {
                #expect(try QRImageReader.read(data: damaged) == [Self.text])
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }

    @Test("garbage behind either signature is refused", arguments: 0..<20)
    func garbage(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let garbage = generator.bytes(300)
        #expect(throws: QRCodeError.self) { try QRImageReader.read(data: PNGCodec.signature + garbage) }
        #expect(throws: QRCodeError.self) { try QRImageReader.read(data: JPEGDecoder.signature + garbage) }
    }

    @Test("an image of too many pixels is refused before they are allocated")
    func tooLarge() throws {
        // The header of a PNG of 2³⁰ × 1 pixels would ask for a gigabyte; IHDR with its CRC, and nothing else.
        var header: [UInt8] = [0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00, 0x80, 0x00, 8, 0, 0, 0, 0]
        let crc = crc32(header)
        header = [0, 0, 0, 13] + header + (0..<4).map { UInt8(truncatingIfNeeded: crc >> (24 - 8 * $0)) }
        let data: [UInt8] = [0, 0, 0, 0, 0x49, 0x44, 0x41, 0x54, 0x35, 0xAF, 0x06, 0x1E]
        #expect(throws: QRCodeError.imageTooLarge(width: 32768, height: 32768)) {
            try QRImageReader.read(data: PNGCodec.signature + header + data)
        }
    }

    @Test("a blank page shows no QR code")
    func blankPage() throws {
        let page = GrayscaleImage(width: 400, height: 300, pixels: Array(repeating: 255, count: 400 * 300))
        let png = try PNGCodec.encode(page)
        #expect(throws: QRCodeError.noQRCodeFound) { try QRImageReader.read(data: png) }
    }

    @Test("images of any size full of noise show no QR code", arguments: [1, 2, 3, 7, 8, 64, 300], [1, 2, 5, 21, 200])
    func noise(width: Int, height: Int) throws {
        var generator = SeededGenerator(seed: UInt64(width * height))
        let image = GrayscaleImage(width: width, height: height, pixels: generator.bytes(width * height))
        let png = try PNGCodec.encode(image)
        #expect(throws: QRCodeError.noQRCodeFound) { try QRImageReader.read(data: png) }
    }

    @Test("a JPEG is read, and refused when cut off")
    func jpeg() throws {
        let jpeg = try JPEGFixture.encode(QRCode.draw(Self.text).image(moduleSize: 4, quietZone: 4))
        #expect(try QRImageReader.read(data: jpeg) == [Self.text])
        for count in stride(from: 3, to: jpeg.count - 64, by: jpeg.count / 40) {
            #expect(throws: QRCodeError.self) { try QRImageReader.read(data: Array(jpeg.prefix(count))) }
        }
    }

    @Test("two codes on one page are both read")
    func twoCodes() throws {
        let left = try QRCode.draw("left").image(moduleSize: 4, quietZone: 4)
        let right = try QRCode.draw("right").image(moduleSize: 4, quietZone: 4)
        #expect(left.height == right.height)
        var pixels: [UInt8] = []
        for row in 0..<left.height {
            pixels += left.pixels[row * left.width..<(row + 1) * left.width]
            pixels += right.pixels[row * right.width..<(row + 1) * right.width]
        }
        let both = GrayscaleImage(width: left.width + right.width, height: left.height, pixels: pixels)
        #expect(try Set(QRImageReader.read(data: PNGCodec.encode(both))) == ["left", "right"])
    }

    @Test("a turned and mirrored photograph with noise is read", arguments: 0..<8)
    func turned(orientation: Int) throws {
        let image = try QRCode.draw(Self.text).image(moduleSize: 6, quietZone: 4)
        var generator = SeededGenerator(seed: UInt64(orientation))
        var pixels = image.pixels
        for row in 0..<image.height {
            for column in 0..<image.width {
                let (x, y) = orientation & 1 == 0 ? (column, row) : (row, column)
                let source = (
                    orientation & 2 == 0 ? x : image.width - 1 - x, orientation & 4 == 0 ? y : image.width - 1 - y
                )
                let shade = image.pixels[source.1 * image.width + source.0] == 0 ? 40 : 215
                let noise = Int.random(in: -12...12, using: &generator)
                pixels[row * image.width + column] = UInt8(shade + noise)
            }
        }
        let photograph = GrayscaleImage(width: image.width, height: image.height, pixels: pixels)
        #expect(try QRImageReader.read(photograph) == [Self.text])
    }

    @Test("a code turned by some degrees is read", arguments: [5.0, 17.0, 30.0, 45.0])
    func rotated(degrees: Double) throws {
        let image = try QRCode.draw(Self.text).image(moduleSize: 5, quietZone: 4)
        let size = image.width * 3 / 2
        let angle = degrees / 180
        let (sine, cosine) = sineAndCosine(ofHalfTurns: angle)
        var pixels = [UInt8](repeating: 255, count: size * size)
        for row in 0..<size {
            for column in 0..<size {
                let (x, y) = (Double(column - size / 2), Double(row - size / 2))
                let sourceX = Int(x * cosine - y * sine) + image.width / 2
                let sourceY = Int(x * sine + y * cosine) + image.height / 2
                guard (0..<image.width).contains(sourceX), (0..<image.height).contains(sourceY) else { continue }
                pixels[row * size + column] = image.pixels[sourceY * image.width + sourceX]
            }
        }
        #expect(try QRImageReader.read(GrayscaleImage(width: size, height: size, pixels: pixels)) == [Self.text])
    }

    @Test("every error is a sentence")
    func descriptions() {
        let errors: [QRCodeError] = [
            .textDoesNotFit(byteCount: 0), .imageNotWritten("x"), .notAnImage, .damagedImage("x"),
            .imageTooLarge(width: 1, height: 2), .noQRCodeFound, .outOfMemory,
        ]
        #expect(Set(errors.map(\.description)).count == errors.count)
        #expect(errors.allSatisfy { $0.description.contains(" ") })
    }

    /// Sine and cosine by their series, so that the test needs no mathematics library.
    private func sineAndCosine(ofHalfTurns halfTurns: Double) -> (Double, Double) {
        let angle = halfTurns * Double.pi
        var (sine, cosine, term) = (0.0, 0.0, 1.0)
        for index in 0..<30 {
            switch index % 4 {
            case 0: cosine += term
            case 1: sine += term
            case 2: cosine -= term
            default: sine -= term
            }
            term *= angle / Double(index + 1)
        }
        return (sine, cosine)
    }

    /// The checksum of a PNG chunk.
    private func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }
}
