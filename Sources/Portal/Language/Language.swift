/// A language of the portal's pages and mails.
public enum Language: String, Sendable, CaseIterable {
    /// Japanese, the manual's own.
    case japanese = "ja"
    /// English.
    case english = "en"

    /// The one of them that a browser likes best (RFC 9110 §12.5.4): English when it asks for others alone, `nil` when it asks for
    /// none or for any.
    init?(acceptLanguage: String) {
        var best: (language: Language, quality: Double)?
        var namesOthers = false
        for entry in acceptLanguage.split(separator: ",").prefix(20) {
            let parts = entry.split(separator: ";")
            guard let range = parts.first else { continue }
            let tag = HalfWidth.trimmed(String(range)).lowercased().split(separator: "-").first.map(String.init) ?? ""
            var quality = 1.0
            for parameter in parts.dropFirst() {
                let text = HalfWidth.trimmed(String(parameter))
                if text.hasPrefix("q=") { quality = Double(text.dropFirst(2)) ?? 0 }
            }
            guard let language = Language(rawValue: tag) else {
                if quality > 0, !tag.isEmpty, tag.allSatisfy({ ("a"..."z").contains($0) }) { namesOthers = true }
                continue
            }
            if quality > best?.quality ?? 0 { best = (language, quality) }
        }
        // Who reads neither will rather know English.
        guard let language = best?.language ?? (namesOthers ? .english : nil) else { return nil }
        self = language
    }

    /// The other one, for the link that switches.
    var other: Language { self == .japanese ? .english : .japanese }

    /// What the language calls itself.
    var ownName: String { self == .japanese ? "日本語" : "English" }
}
