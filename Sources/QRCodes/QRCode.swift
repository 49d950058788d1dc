import CQREncode

/// Draws QR codes (ISO/IEC 18004) with libqrencode.
public enum QRCode {
    /// The smallest QR code of a text, with error correction level L.
    ///
    /// Runs of digits, as in a `FIDO:/` URL, are packed ten bits to three digits.
    ///
    /// - Throws: ``QRCodeError/textDoesNotFit(byteCount:)`` for an empty text, one with a NUL, or one of more than
    ///   about 2953 bytes (7089 digits).
    public static func draw(_ text: String) throws(QRCodeError) -> QRMatrix {
        let byteCount = text.utf8.count
        guard !text.isEmpty, !text.utf8.contains(0) else { throw .textDoesNotFit(byteCount: byteCount) }
        // Version 0 is "as small as possible"; with the 8-bit hint, libqrencode splits the text into the segments
        // (numeric, alphanumeric, bytes) that together are shortest.
        guard let code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1) else {
            throw .textDoesNotFit(byteCount: byteCount)
        }
        defer { QRcode_free(code) }
        let width = Int(code.pointee.width)
        guard width > 0, let data = code.pointee.data else { throw .outOfMemory }
        // The lowest bit of each byte is the module's colour, the others are about its role.
        let modules = UnsafeBufferPointer(start: data, count: width * width).map { $0 & 1 == 1 }
        return QRMatrix(width: width, modules: modules)
    }
}

/// The dark and light modules of a QR code.
public struct QRMatrix: Hashable, Sendable {
    /// The modules of one row, and the rows: 21 to 177, without the quiet zone.
    public let width: Int

    /// Row by row, `true` for dark.
    private let modules: [Bool]

    init(width: Int, modules: [Bool]) {
        self.width = width
        self.modules = modules
    }

    /// Whether the module in a column of a row is dark; around the code everything is light.
    public func isDark(column: Int, row: Int) -> Bool {
        guard (0..<width).contains(column), (0..<width).contains(row) else { return false }
        return modules[row * width + column]
    }
}
