import Mustache

/// Text as it is written into HTML.
package enum HTMLText {
    /// A text for an element's content or a quoted attribute: what means something there is replaced.
    ///
    /// It goes by bytes, as whoever reads HTML goes by code points. To Swift, a quotation mark and the combining mark, variation
    /// selector or joiner behind it are one `Character`, which is no quotation mark: whoever goes by that leaves the attribute open.
    package static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { reference(for: $0) != nil }) else { return text }
        var escaped: [UInt8] = []
        escaped.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            if let reference = reference(for: byte) {
                escaped.append(contentsOf: reference.utf8)
            } else {
                escaped.append(byte)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }

    private static func reference(for byte: UInt8) -> String? {
        switch byte {
        case UInt8(ascii: "&"): "&amp;"
        case UInt8(ascii: "<"): "&lt;"
        case UInt8(ascii: ">"): "&gt;"
        case UInt8(ascii: "\""): "&quot;"
        case UInt8(ascii: "'"): "&#39;"
        default: nil
        }
    }
}

/// What the template names in its first line, in place of the template engine's own HTML, which goes by `Character`.
struct PageContentType: MustacheContentType {
    /// The name in the template.
    private static let name = "AIKAGI_HTML"

    /// Makes the name known; templates are refused that name it before.
    static func register() { MustacheContentTypes.register(PageContentType(), named: name) }

    func escapeText(_ text: String) -> String { HTMLText.escaped(text) }
}
