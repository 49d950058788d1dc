import Testing

@testable import QRCodes
@testable import ScreenCapture

@Suite struct QRCodeSearchTests {
    static let one = QRCodeWatcherTests.one
    static let other = QRCodeWatcherTests.other

    /// A grey screen of 400 by 500 pixels on which things are drawn.
    private struct Canvas {
        var image = GrayscaleImage(width: 400, height: 500, pixels: [UInt8](repeating: 128, count: 200_000))

        var dump: [UInt8] { WindowDump.of(image) }

        /// Draws a code, or only some of its rows.
        mutating func draw(_ text: String, x: Int, y: Int, rows: Range<Int> = 0..<500) throws {
            let code = try QRCode.draw(text).image(moduleSize: 4, quietZone: 4)
            for row in rows.clamped(to: 0..<code.height) {
                for column in 0..<code.width { set(x + column, y + row, code.pixels[row * code.width + column]) }
            }
        }

        mutating func clear(x: Range<Int>, y: Range<Int>, level: UInt8 = 128) {
            for row in y { for column in x { set(column, row, level) } }
        }

        private mutating func set(_ x: Int, _ y: Int, _ level: UInt8) {
            var pixels = image.pixels
            pixels[y * image.width + x] = level
            image = GrayscaleImage(width: image.width, height: image.height, pixels: pixels)
        }
    }

    @Test("A code that appears somewhere is found at once, whatever else is there")
    func appearing() throws {
        var (search, canvas) = (QRCodeSearch(), Canvas())
        try canvas.draw(Self.one, x: 10, y: 10)
        #expect(search.look(at: canvas.dump) == [Self.one])
        try canvas.draw(Self.other, x: 200, y: 300)
        #expect(search.look(at: canvas.dump) == [Self.other])
        #expect(search.look(at: canvas.dump) == [])
    }

    @Test("A code that moves far is no new one")
    func moving() throws {
        var (search, canvas) = (QRCodeSearch(), Canvas())
        try canvas.draw(Self.one, x: 10, y: 10)
        #expect(search.look(at: canvas.dump) == [Self.one])
        canvas.clear(x: 0..<400, y: 0..<200)
        try canvas.draw(Self.one, x: 200, y: 300)
        #expect(search.look(at: canvas.dump) == [])
    }

    @Test("Changes elsewhere leave a code what it is; once it has gone, it may come again")
    func elsewhere() throws {
        var (search, canvas) = (QRCodeSearch(), Canvas())
        try canvas.draw(Self.one, x: 10, y: 10)
        #expect(search.look(at: canvas.dump) == [Self.one])
        canvas.clear(x: 0..<10, y: 490..<500, level: 0)
        #expect(search.look(at: canvas.dump) == [])
        let with = canvas.dump
        canvas.clear(x: 0..<400, y: 0..<300)
        #expect(search.look(at: canvas.dump) == [])
        #expect(search.look(at: with) == [Self.one])
    }

    @Test("A code that was drawn in two steps is found when the screen has come to rest")
    func twoSteps() throws {
        var (search, canvas) = (QRCodeSearch(), Canvas())
        #expect(search.look(at: canvas.dump) == [])
        try canvas.draw(Self.one, x: 100, y: 100, rows: 0..<90)
        #expect(search.look(at: canvas.dump) == [])
        try canvas.draw(Self.one, x: 100, y: 100, rows: 90..<500)
        let dump = canvas.dump
        let looks = (0...QRCodeSearch.rest).map { _ in search.look(at: dump) }
        #expect(looks.flatMap(\.self) == [Self.one])
        #expect(looks.last == [Self.one])
        #expect(search.look(at: dump) == [])
    }

    @Test("… and on a screen that never rests, after some changes")
    func restless() throws {
        var (search, canvas) = (QRCodeSearch(), Canvas())
        #expect(search.look(at: canvas.dump) == [])
        try canvas.draw(Self.one, x: 100, y: 100, rows: 0..<90)
        #expect(search.look(at: canvas.dump) == [])
        try canvas.draw(Self.one, x: 100, y: 100, rows: 90..<500)
        var found: [Int] = []
        for look in 0..<2 * QRCodeSearch.patience {
            canvas.clear(x: 0..<8, y: 492..<500, level: look % 2 == 0 ? 0 : 255)
            if search.look(at: canvas.dump) == [Self.one] { found.append(look) }
        }
        #expect(found.count == 1)
        #expect(try #require(found.first) <= QRCodeSearch.patience)
    }
}
