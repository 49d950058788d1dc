extension String {
    /// The text without what could command a terminal or mislead its reader.
    ///
    /// Control characters and invisible formatting (bidirectional overrides among them) become U+FFFD: text that came from
    /// a peer must not move the cursor, colour lines or reverse words. Line feeds and tabs stay.
    var printable: String {
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            let isHarmless = scalar == "\n" || scalar == "\t"
            let category = scalar.properties.generalCategory
            result.append(!isHarmless && (category == .control || category == .format) ? "\u{FFFD}" : scalar)
        }
        return String(result)
    }
}
