import CTurboJPEG
import Testing

@testable import QRCodes

/// Makes JPEG files for tests; the module itself only reads them.
enum JPEGFixture {
    /// A grayscale JPEG of quality 85.
    static func encode(_ image: GrayscaleImage) throws -> [UInt8] {
        let handle = try #require(tjInitCompress())
        defer { tjDestroy(handle) }
        var buffer: UnsafeMutablePointer<UInt8>?
        var byteCount: CUnsignedLong = 0
        defer { tjFree(buffer) }
        let status = tjCompress2(
            handle, image.pixels, CInt(image.width), CInt(image.width), CInt(image.height), CInt(TJPF_GRAY.rawValue),
            &buffer, &byteCount, CInt(TJSAMP_GRAY.rawValue), 85, 0)
        try #require(status == 0)
        return Array(UnsafeBufferPointer(start: try #require(buffer), count: Int(byteCount)))
    }
}
