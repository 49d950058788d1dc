import FoundationEssentials
import QRCodes

/// Shows a QR code to whoever may scan it: in the terminal, and in a file where one is asked for.
struct QRPresentation: Sendable {
    /// The PNG file to write.
    let file: String?
    /// Whether standard output carries JSON: then the code is not drawn.
    let json: Bool

    /// Shows the code.
    func show(_ url: String) throws {
        let matrix = try QRCode.draw(url)
        if let file {
            do {
                try Data(try matrix.pngData()).write(to: URL(filePath: file), options: .atomic)
            } catch {
                throw CommandFailure("cannot write the QR code to \(file): \(error.reason)")
            }
        }
        if json {
            var line = HybridEventLine("qr")
            line.url = url
            line.print(asJSON: true)
        } else {
            Console.standard.draw(matrix.terminalText(style: Console.standard.isTerminal ? .colors : .darkTerminal))
            Console.standard.note("Scan this with the phone, or: aikagi phone scan '\(url)'")
        }
    }
}
