import CTurboJPEG

/// JPEG images in grayscale, through libturbojpeg.
enum JPEGDecoder {
    /// The three bytes with which every JPEG begins: the marker SOI and the beginning of the next.
    static let signature: [UInt8] = [0xFF, 0xD8, 0xFF]

    /// Reads an image's luminance.
    ///
    /// Warnings are errors: libturbojpeg fills what a cut-off file lacks with grey and only warns.
    static func decode(_ data: [UInt8]) throws(QRCodeError) -> GrayscaleImage {
        guard let handle = tjInitDecompress() else { throw .outOfMemory }
        defer { tjDestroy(handle) }
        var width: CInt = 0
        var height: CInt = 0
        var subsampling: CInt = 0
        var colorspace: CInt = 0
        guard
            tjDecompressHeader3(
                handle, data, CUnsignedLong(data.count), &width, &height, &subsampling, &colorspace) == 0
        else { throw .damagedImage(message(of: handle)) }
        try GrayscaleImage.check(width: Int(width), height: Int(height))
        var pixels = [UInt8](repeating: 255, count: Int(width) * Int(height))
        let status = tjDecompress2(
            handle, data, CUnsignedLong(data.count), &pixels, width, width, height, CInt(TJPF_GRAY.rawValue), 0)
        guard status == 0 else { throw .damagedImage(message(of: handle)) }
        return GrayscaleImage(width: Int(width), height: Int(height), pixels: pixels)
    }

    private static func message(of handle: tjhandle) -> String {
        tjGetErrorStr2(handle).map { String(cString: $0) } ?? "unknown error"
    }
}
