/// Folds what a Japanese keyboard easily produces by accident.
enum HalfWidth {
    /// Full-width letters, digits and punctuation (U+FF01 to U+FF5E) become ASCII; white space at both ends goes.
    static func folded(_ text: some StringProtocol) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if (0xFF01...0xFF5E).contains(scalar.value), let narrow = Unicode.Scalar(scalar.value - 0xFEE0) {
                scalars.append(narrow)
            } else {
                scalars.append(scalar)
            }
        }
        return trimmed(String(scalars))
    }

    /// The text without white space at its ends.
    static func trimmed(_ text: String) -> String {
        let start = text.drop { $0.isWhitespace }
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...end])
    }
}
