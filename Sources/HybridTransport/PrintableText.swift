/// Makes text of another machine fit for messages and logs.
enum PrintableText {
    /// The most scalars that are kept; a close frame has no room for more bytes (RFC 6455 §5.5).
    static let maximumScalarCount = 123

    /// The text without control and format characters, line separators, and what Unicode does not define; cut when too long.
    ///
    /// Such characters could forge lines of a log, drive a terminal, or turn the direction of what follows.
    static func of(_ text: String) -> String {
        var printable = String.UnicodeScalarView()
        printable.append(contentsOf: text.unicodeScalars.lazy.filter(isPrintable).prefix(maximumScalarCount))
        return String(printable)
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}
