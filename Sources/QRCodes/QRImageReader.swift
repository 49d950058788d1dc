import CZBar

/// Reads QR codes out of photographs and screenshots, with zbar.
public enum QRImageReader {
    /// The texts of all QR codes in an image, in the order in which zbar finds them, each once.
    ///
    /// - Parameter data: A whole PNG or JPEG file or an X window dump; which of them, its first bytes say. At most 50
    ///   megapixels.
    /// - Throws: A ``QRCodeError`` that says why there is none.
    public static func read(data: [UInt8]) throws(QRCodeError) -> [String] {
        if let packed = XWDImage.packedPixels(data) {
            return try data.withUnsafeBytes { bytes in
                scan(
                    bytes[packed.offset...].prefix(packed.width * packed.height * 4), width: packed.width,
                    height: packed.height, format: CZBar_packedFormat())
            }.get().map(\.text)
        }
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

    /// The QR codes in a part of a screen, each text once.
    ///
    /// - Parameters:
    ///   - region: The part; what of it lies outside the screen does not count.
    ///   - isThorough: Whether every row and column is followed; every other one takes half the time and finds codes whose
    ///     modules have three pixels and more.
    /// - Returns: Nothing if there is none.
    public static func read(_ screen: PackedScreen, in region: PixelRegion, isThorough: Bool = true) -> [SeenQRCode] {
        let region = region.widened(by: 0, within: screen.bounds)
        guard !region.isEmpty else { return [] }
        let result = screen.pixels(of: region).withUnsafeBytes { bytes in
            scan(
                bytes[...], width: region.columns.count, height: region.rows.count, format: CZBar_packedFormat(),
                isThorough: isThorough)
        }
        // Out of memory is not worth an error of its own here: the next look tries again.
        guard case .success(let codes) = result else { return [] }
        let (left, top) = (region.columns.lowerBound, region.rows.lowerBound)
        return codes.map { code in
            let (columns, rows) = (code.region.columns, code.region.rows)
            return SeenQRCode(
                text: code.text,
                region: PixelRegion(
                    columns: columns.lowerBound + left..<columns.upperBound + left,
                    rows: rows.lowerBound + top..<rows.upperBound + top))
        }
    }

    /// The texts of all QR codes in an image.
    static func read(_ image: GrayscaleImage) throws(QRCodeError) -> [String] {
        try image.pixels.withUnsafeBytes { bytes in
            scan(bytes[...], width: image.width, height: image.height, format: CZBar_grayscaleFormat())
        }.get().map(\.text)
    }

    /// All QR codes among pixels of a format that zbar knows; the caller has made sure that all are there.
    private static func scan(
        _ pixels: Slice<UnsafeRawBufferPointer>, width: Int, height: Int, format: CUnsignedLong,
        isThorough: Bool = true
    ) -> Result<[SeenQRCode], QRCodeError> {
        guard let scanner = zbar_image_scanner_create() else { return .failure(.outOfMemory) }
        defer { zbar_image_scanner_destroy(scanner) }
        zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0)
        zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1)
        // The bytes as they are: zbar would guess their character set, and takes short UTF-8 texts for Big5 or Latin-1.
        zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_BINARY, 1)
        zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_X_DENSITY, isThorough ? 1 : 2)
        zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_Y_DENSITY, isThorough ? 1 : 2)
        guard let source = zbar_image_create() else { return .failure(.outOfMemory) }
        defer { zbar_image_destroy(source) }
        zbar_image_set_format(source, format)
        zbar_image_set_size(source, CUnsignedInt(width), CUnsignedInt(height))
        // No clean-up handler: the pixels stay the caller's, and the scan ends before they go.
        zbar_image_set_data(
            source, UnsafeRawBufferPointer(rebasing: pixels).baseAddress, CUnsignedLong(pixels.count), nil)
        defer { zbar_image_set_data(source, nil, 0, nil) }
        guard let target = zbar_image_convert(source, CZBar_grayscaleFormat()) else { return .failure(.outOfMemory) }
        defer { zbar_image_destroy(target) }
        let codes = zbar_scan_image(scanner, target) > 0 ? symbols(of: target) : []
        return codes.isEmpty ? .failure(.noQRCodeFound) : .success(codes)
    }

    private static func symbols(of image: OpaquePointer) -> [SeenQRCode] {
        var codes: [SeenQRCode] = []
        var symbol = zbar_image_first_symbol(image)
        while let current = symbol {
            if zbar_symbol_get_type(current) == ZBAR_QRCODE, let data = zbar_symbol_get_data(current) {
                let count = Int(zbar_symbol_get_data_length(current))
                let bytes = UnsafeRawBufferPointer(start: data, count: count)
                let text = String(decoding: bytes, as: UTF8.self)
                if !codes.contains(where: { $0.text == text }) {
                    codes.append(SeenQRCode(text: text, region: place(of: current)))
                }
            }
            symbol = zbar_symbol_next(current)
        }
        return codes
    }

    /// The rectangle around a symbol's corners.
    private static func place(of symbol: OpaquePointer) -> PixelRegion {
        let corners = 0..<zbar_symbol_get_loc_size(symbol)
        func range(_ coordinate: (CUnsignedInt) -> CInt) -> Range<Int> {
            let values = corners.map { Int(coordinate($0)) }
            return (values.min() ?? 0)..<(values.max() ?? -1) + 1
        }
        return PixelRegion(
            columns: range { zbar_symbol_get_loc_x(symbol, $0) }, rows: range { zbar_symbol_get_loc_y(symbol, $0) })
    }
}
