import QRCodes
import Testing

@testable import ScreenCapture

@Suite struct WindowDumpHeaderTests {
    @Test("The header is a hundred bytes with its numbers at the places of X11/XWDFile.h")
    func layout() {
        let bytes = WindowDumpHeader.bytes(width: 0x0102, height: 3)
        #expect(bytes.count == 100)
        #expect(Array(bytes[0..<12]) == [0, 0, 0, 100, 0, 0, 0, 7, 0, 0, 0, 2])
        #expect(Array(bytes[16..<24]) == [0, 0, 1, 2, 0, 0, 0, 3])
        #expect(Array(bytes[48..<52]) == [0, 0, 4, 8])
    }

    @Test("An image under it is read")
    func readable() {
        let dump = WindowDumpHeader.bytes(width: 16, height: 16) + [UInt8](repeating: 255, count: 16 * 16 * 4)
        #expect(throws: QRCodeError.noQRCodeFound) { try QRImageReader.read(data: dump) }
    }
}
