extension String {
    /// The text without what could command a terminal or mislead its reader.
    ///
    /// Control characters and invisible formatting (bidirectional overrides among them) become U+FFFD: text that came from
    /// a peer must not move the cursor, colour lines or reverse words. Line feeds and tabs stay.
    var printable: String { replacingUnprintable { $0 == "\n" || $0 == "\t" ? String($0) : "\u{FFFD}" } }

    /// The same as a part of a line: line feeds and tabs go as well.
    var printableInLine: String { replacingUnprintable { _ in "\u{FFFD}" } }

    /// The same for a line of JSON, whose meaning stays: what could command a terminal is written as an escape sequence.
    var printableJSON: String {
        replacingUnprintable { scalar in
            String(scalar).utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
        }
    }

    /// By scalars: what is to go may be a part of a `Character`.
    private func replacingUnprintable(_ replacement: (Unicode.Scalar) -> String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            let category = scalar.properties.generalCategory
            if category == .control || category == .format {
                result.append(contentsOf: replacement(scalar).unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }
}
