import CZBar

/// Reads QR codes out of photographs and screenshots, with zbar.
public enum QRImageReader {
    /// The texts of all QR codes in an image, in the order in which zbar finds them, each once.
    ///
    /// - Parameter data: A whole PNG or JPEG file or an X window dump; which of them, its first bytes say. At most 50
    ///   megapixels.
    /// - Throws: A ``QRCodeError`` that says why there is none.
    public static func read(data: [UInt8]) throws(QRCodeError) -> [String] {
        let image: GrayscaleImage
        if data.starts(with: PNGCodec.signature) {
            image = try PNGCodec.decode(data)
        } else if data.starts(with: JPEGDecoder.signature) {
            image = try JPEGDecoder.decode(data)
        } else if XWDImage.isRecognised(data) {
            image = try XWDImage.decode(data)
        } else {
            throw .notAnImage
        }
        return try read(image)
    }

    /// The texts of all QR codes in an image.
    static func read(_ image: GrayscaleImage) throws(QRCodeError) -> [String] {
        guard let scanner = zbar_image_scanner_create() else { throw .outOfMemory }
        defer { zbar_image_scanner_destroy(scanner) }
        zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0)
        zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1)
        // The bytes as they are: zbar would guess their character set, and takes short UTF-8 texts for Big5 or Latin-1.
        zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_BINARY, 1)
        guard let target = zbar_image_create() else { throw .outOfMemory }
        defer { zbar_image_destroy(target) }
        zbar_image_set_format(target, CZBar_grayscaleFormat())
        zbar_image_set_size(target, CUnsignedInt(image.width), CUnsignedInt(image.height))
        let texts = image.pixels.withUnsafeBytes { pixels -> [String] in
            // No clean-up handler: the pixels stay ours, and the scan ends before they go.
            zbar_image_set_data(target, pixels.baseAddress, CUnsignedLong(pixels.count), nil)
            defer { zbar_image_set_data(target, nil, 0, nil) }
            guard zbar_scan_image(scanner, target) > 0 else { return [] }
            return symbols(of: target)
        }
        guard !texts.isEmpty else { throw .noQRCodeFound }
        return texts
    }

    private static func symbols(of image: OpaquePointer) -> [String] {
        var texts: [String] = []
        var symbol = zbar_image_first_symbol(image)
        while let current = symbol {
            if zbar_symbol_get_type(current) == ZBAR_QRCODE, let data = zbar_symbol_get_data(current) {
                let count = Int(zbar_symbol_get_data_length(current))
                let bytes = UnsafeRawBufferPointer(start: data, count: count)
                let text = String(decoding: bytes, as: UTF8.self)
                if !texts.contains(text) { texts.append(text) }
            }
            symbol = zbar_symbol_next(current)
        }
        return texts
    }
}
