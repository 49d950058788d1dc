import TestSupport
import Testing

@testable import QRCodes

/// A QR URL as the hybrid transport makes them: `FIDO:/` and some 170 digits.
private func hybridURL(digits: Int, seed: UInt64) -> String {
    var generator = SeededGenerator(seed: seed)
    return "FIDO:/" + (0..<digits).map { _ in String(Int.random(in: 0...9, using: &generator)) }.joined()
}

@Suite struct QRCodeTests {
    @Test(
        "what is drawn is read again",
        arguments: ["A", "aikagi", "https://example.test/register?x=1&y=ü", "合鍵", "0123456789"], [2, 3, 8])
    func roundTrip(text: String, moduleSize: Int) throws {
        let png = try QRCode.draw(text).pngData(moduleSize: moduleSize)
        #expect(try QRImageReader.read(data: png) == [text])
    }

    @Test("a hybrid QR URL of 178 digits is read at every size", arguments: 2...8)
    func hybridRoundTrip(moduleSize: Int) throws {
        let url = hybridURL(digits: 178, seed: UInt64(moduleSize))
        let png = try QRCode.draw(url).pngData(moduleSize: moduleSize)
        #expect(try QRImageReader.read(data: png) == [url])
    }

    @Test("digits are packed as digits")
    func numericMode() throws {
        // 178 digits take 594 bits, six letters 33, the two segment headers 27: 82 bytes, which version 5 (37 modules,
        // 108 bytes) holds and version 4 (33 modules, 80 bytes) just does not. As bytes they would need version 8.
        #expect(try QRCode.draw(hybridURL(digits: 178, seed: 1)).width == 37)
    }

    @Test("the smallest code has 21 modules, the finder pattern in its corner and light around it")
    func structure() throws {
        let matrix = try QRCode.draw("A")
        #expect(matrix.width == 21)
        #expect((0..<7).allSatisfy { matrix.isDark(column: $0, row: 0) && matrix.isDark(column: 0, row: $0) })
        #expect(!matrix.isDark(column: 7, row: 0))
        #expect(!matrix.isDark(column: -1, row: 0))
        #expect(!matrix.isDark(column: 0, row: 21))
    }

    @Test("texts that fit no QR code are refused", arguments: ["", "a\0b", String(repeating: "x", count: 2954)])
    func refusedTexts(text: String) {
        #expect(throws: QRCodeError.textDoesNotFit(byteCount: text.utf8.count)) { try QRCode.draw(text) }
    }

    @Test("the longest text fits")
    func longestText() throws {
        #expect(try QRCode.draw(String(repeating: "x", count: 2953)).width == 177)
    }

    @Test(
        "terminal text has a line per two rows and a character per column",
        arguments: QRMatrix.TerminalStyle.allCases, [0, 1, 4])
    func terminalText(style: QRMatrix.TerminalStyle, quietZone: Int) throws {
        let matrix = try QRCode.draw("aikagi")
        let size = matrix.width + 2 * quietZone
        let lines = matrix.terminalText(style: style, quietZone: quietZone).split(separator: "\n")
        #expect(lines.count == (size + 1) / 2)
        for line in lines {
            let plain = line.replacing("\u{1B}[30;107m", with: "").replacing("\u{1B}[0m", with: "")
            #expect(plain.count == size)
            #expect(plain.allSatisfy { " ▀▄█".contains($0) })
        }
    }

    @Test("terminal text, painted as a terminal would, is read again", arguments: QRMatrix.TerminalStyle.allCases)
    func terminalTextIsReadable(style: QRMatrix.TerminalStyle) throws {
        let text = hybridURL(digits: 178, seed: 9)
        let lines = try QRCode.draw(text).terminalText(style: style).split(separator: "\n").map {
            $0.replacing("\u{1B}[30;107m", with: "").replacing("\u{1B}[0m", with: "")
        }
        let scale = 4
        let ink: UInt8 = style == .darkTerminal ? 255 : 0
        let width = try #require(lines.first).count
        var pixels: [UInt8] = []
        for line in lines {
            for half in 0..<2 {
                let row = line.flatMap { character -> [UInt8] in
                    let isInked = character == "█" || character == (half == 0 ? "▀" : "▄")
                    return Array(repeating: isInked ? ink : 255 - ink, count: scale)
                }
                for _ in 0..<scale { pixels += row }
            }
        }
        let image = GrayscaleImage(width: width * scale, height: lines.count * 2 * scale, pixels: pixels)
        #expect(try QRImageReader.read(image) == [text])
    }

    @Test("an SVG image has the code's size and a path")
    func svg() throws {
        let matrix = try QRCode.draw("A")
        let svg = matrix.svg(moduleSize: 2, quietZone: 4)
        #expect(svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"58\" height=\"58\""))
        #expect(svg.contains("viewBox=\"0 0 29 29\""))
        #expect(svg.contains("d=\"M4 4h7v1H4z"))
        #expect(svg.hasSuffix("</svg>"))
    }
}
