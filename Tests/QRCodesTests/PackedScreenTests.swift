import Testing

@testable import QRCodes

@Suite struct PackedScreenTests {
    /// A screen of 200 by 100 pixels, black but for some places.
    private static func screen(_ places: [(x: Int, y: Int)] = [], width: Int = 200) throws -> PackedScreen {
        var numbers: [UInt32] = [100, 7, 2, 24, UInt32(width), 100, 0, 0, 32, 0, 32, 32, UInt32(width) * 4, 4]
        numbers += [0xFF0000, 0xFF00, 0xFF, 8, 0, 0, UInt32(width), 100, 0, 0, 0]
        var dump = numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }
        let start = dump.count
        dump += [UInt8](repeating: 0, count: width * 100 * 4)
        for place in places { dump[start + (place.y * width + place.x) * 4] = 255 }
        return try #require(PackedScreen(dump))
    }

    private static func region(_ columns: Range<Int>, _ rows: Range<Int>) -> PixelRegion {
        PixelRegion(columns: columns, rows: rows)
    }

    static let differences: [([(x: Int, y: Int)], [PixelRegion])] = [
        ([], []), ([(0, 0)], [region(0..<64, 0..<1)]), ([(199, 99)], [region(192..<200, 99..<100)]),
        ([(70, 10), (130, 20)], [region(64..<192, 10..<21)]),
        // Fewer alike rows than 24 keep together what is far apart.
        ([(70, 10), (0, 34)], [region(0..<128, 10..<35)]),
        ([(70, 10), (0, 35)], [region(64..<128, 10..<11), region(0..<64, 35..<36)]),
        ([(5, 0), (5, 99)], [region(0..<64, 0..<1), region(0..<64, 99..<100)]),
    ]

    @Test("Two screens differ in bands of rows, and in each in some columns", arguments: differences)
    func difference(places: [(x: Int, y: Int)], regions: [PixelRegion]) throws {
        let (plain, other) = (try Self.screen(), try Self.screen(places))
        #expect(other.differences(from: plain) == regions)
        #expect(plain.differences(from: other) == regions)
    }

    @Test("A screen of another size differs everywhere")
    func size() throws {
        let (one, other) = (try Self.screen(), try Self.screen(width: 64))
        #expect(one.differences(from: other) == [one.bounds])
        #expect(one.bounds == Self.region(0..<200, 0..<100))
    }

    @Test(
        "What is no dump of such pixels is no screen", arguments: [[], [1, 2, 3], [UInt8](repeating: 0, count: 5000)])
    func noScreen(dump: [UInt8]) { #expect(PackedScreen(dump) == nil) }

    @Test("A code is found where it is, and only in a part that holds it")
    func reading() throws {
        let image = try QRCode.draw("FIDO:/1").image(moduleSize: 3, quietZone: 4)
        var dump = try Self.screen().dump
        // 21 modules and 8 of quiet zone make 87 pixels; they begin at column 60 and row 5.
        #expect(image.width == 87)
        for row in 0..<image.height {
            for column in 0..<image.width {
                let place = 100 + ((row + 5) * 200 + column + 60) * 4
                for byte in 0..<3 { dump[place + byte] = image.pixels[row * image.width + column] }
            }
        }
        let screen = try #require(PackedScreen(dump))
        for isThorough in [true, false] {
            for part in [screen.bounds, Self.region(55..<150, 0..<95), Self.region(-20..<400, -3..<300)] {
                let code = try #require(QRImageReader.read(screen, in: part, isThorough: isThorough).first)
                #expect(code.text == "FIDO:/1")
                #expect(Self.region(70..<137, 15..<82).overlaps(code.region))
                #expect(code.region.columns.count > 50 && code.region.rows.count > 50)
            }
            for part in [Self.region(0..<60, 0..<100), Self.region(0..<0, 0..<10), Self.region(300..<400, 0..<100)] {
                #expect(QRImageReader.read(screen, in: part, isThorough: isThorough).isEmpty)
            }
        }
    }

    @Test("Rectangles are joined, widened and compared")
    func regions() {
        let one = Self.region(10..<20, 10..<20)
        #expect(one.union(Self.region(30..<40, 5..<12)) == Self.region(10..<40, 5..<20))
        #expect(one.widened(by: 15, within: Self.region(0..<30, 0..<100)) == Self.region(0..<30, 0..<35))
        #expect(one.overlaps(Self.region(19..<25, 0..<11)))
        #expect(!one.overlaps(Self.region(20..<25, 0..<100)))
        #expect(!one.isEmpty && Self.region(3..<3, 0..<9).isEmpty)
    }
}
