import CPNG

/// PNG images in grayscale, through libpng's simplified API.
enum PNGCodec {
    /// The eight bytes with which every PNG begins.
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// Reads an image; colours become luminance, transparent pixels white.
    static func decode(_ data: [UInt8]) throws(QRCodeError) -> GrayscaleImage {
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        // Frees what libpng keeps in `opaque`; harmless when it has done so itself after an error.
        defer { png_image_free(&image) }
        // libpng keeps a pointer to the data between its two calls, so both happen inside one borrow.
        let result = data.withUnsafeBytes { bytes -> Result<GrayscaleImage, QRCodeError> in
            guard png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0 else {
                return .failure(.damagedImage(message(of: &image)))
            }
            let width = Int(image.width)
            let height = Int(image.height)
            do throws(QRCodeError) { try GrayscaleImage.check(width: width, height: height) } catch {
                return .failure(error)
            }
            image.format = png_uint_32(PNG_FORMAT_GRAY)
            var pixels = [UInt8](repeating: 255, count: width * height)
            let finished = pixels.withUnsafeMutableBytes { buffer in
                CPNG_finishReadOnWhite(&image, buffer.baseAddress, png_int_32(width))
            }
            // A warning or error (bits 0 and 1) of a cut-off file comes with pixels that were never in it.
            guard finished != 0, image.warning_or_error & 2 == 0 else {
                return .failure(.damagedImage(message(of: &image)))
            }
            return .success(GrayscaleImage(width: width, height: height, pixels: pixels))
        }
        return try result.get()
    }

    /// Writes an image.
    static func encode(_ image: GrayscaleImage) throws(QRCodeError) -> [UInt8] {
        try encode(image.pixels, width: image.width, height: image.height, isColoured: false)
    }

    /// Writes pixels: a grey level each, or red, green and blue.
    ///
    /// The caller has made sure that there are as many.
    static func encode(
        _ pixels: [UInt8], width: Int, height: Int, isColoured: Bool
    ) throws(QRCodeError) -> [UInt8] {
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        image.width = png_uint_32(width)
        image.height = png_uint_32(height)
        image.format = isColoured ? png_uint_32(PNG_FORMAT_RGB) : png_uint_32(PNG_FORMAT_GRAY)
        defer { png_image_free(&image) }
        // Deflate grows incompressible data by far less than an eighth; a filter byte per row and the chunks around
        // them are counted apart.
        var byteCount = png_alloc_size_t(pixels.count + pixels.count / 8 + height * 2 + 4096)
        var output = [UInt8](repeating: 0, count: byteCount)
        let stride = png_int_32(isColoured ? width * 3 : width)
        let written = output.withUnsafeMutableBytes { buffer in
            pixels.withUnsafeBytes { source in
                png_image_write_to_memory(&image, buffer.baseAddress, &byteCount, 0, source.baseAddress, stride, nil)
            }
        }
        guard written != 0, byteCount <= output.count else { throw .imageNotWritten(message(of: &image)) }
        return Array(output.prefix(byteCount))
    }

    private static func message(of image: inout png_image) -> String {
        String(cString: CPNG_message(&image))
    }
}

extension QRMatrix {
    /// The QR code as a PNG image in black and white.
    ///
    /// - Parameters:
    ///   - moduleSize: The edge of a module, in pixels, 1 to 64.
    ///   - quietZone: The light margin, in modules; the standard wants four.
    /// - Throws: ``QRCodeError/imageNotWritten(_:)`` or ``QRCodeError/imageTooLarge(width:height:)``.
    public func pngData(moduleSize: Int = 8, quietZone: Int = 4) throws(QRCodeError) -> [UInt8] {
        try PNGCodec.encode(image(moduleSize: moduleSize, quietZone: quietZone))
    }

    /// The QR code as pixels.
    func image(moduleSize: Int, quietZone: Int) throws(QRCodeError) -> GrayscaleImage {
        let scale = QRMatrix.clampedModuleSize(moduleSize)
        let margin = clampedMargin(quietZone)
        let size = (width + 2 * margin) * scale
        try GrayscaleImage.check(width: size, height: size)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(size * size)
        for row in -margin..<width + margin {
            let line = (-margin..<width + margin).flatMap { column in
                Array(repeating: isDark(column: column, row: row) ? UInt8(0) : 255, count: scale)
            }
            for _ in 0..<scale { pixels += line }
        }
        return GrayscaleImage(width: size, height: size, pixels: pixels)
    }
}
