/// Why a QR code could not be drawn or read.
public enum QRCodeError: Error, Hashable, Sendable {
    /// The text is empty or does not fit into the largest QR code.
    case textDoesNotFit(byteCount: Int)
    /// The image could not be written, with the library's reason.
    case imageNotWritten(String)
    /// The bytes are neither a PNG nor a JPEG image nor an X window dump.
    case notAnImage
    /// The image is damaged or cut off, with the library's reason.
    case damagedImage(String)
    /// The image has more pixels than are read.
    case imageTooLarge(width: Int, height: Int)
    /// The image shows no QR code, or none that can be read.
    case noQRCodeFound
    /// The libraries could not be set up, for want of memory.
    case outOfMemory
}

extension QRCodeError: CustomStringConvertible {
    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .textDoesNotFit(let count):
            "a text of \(count) bytes does not fit into a QR code; use between 1 and 2953 bytes"
        case .imageNotWritten(let reason): "the image cannot be written: \(reason)"
        case .notAnImage:
            "this is neither a PNG nor a JPEG image nor an X window dump; save the screenshot as PNG and try again"
        case .damagedImage(let reason): "the image is damaged or cut off (\(reason)); save it again"
        case .imageTooLarge(let width, let height):
            "the image of \(width) × \(height) pixels is too large; cut out the part with the QR code"
        case .noQRCodeFound:
            "the image shows no QR code that can be read; make sure that all of it, with a white margin, is visible"
        case .outOfMemory: "there is not enough memory to work on the image"
        }
    }
}
