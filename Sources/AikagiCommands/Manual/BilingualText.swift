/// A text in the portal's two languages, of which one may be missing: a person at the screen sees only one of them.
struct BilingualText: Codable, Hashable, Sendable {
    /// The Japanese text.
    var japanese: String?
    /// The English text.
    var english: String?

    private enum CodingKeys: String, CodingKey {
        case japanese = "ja"
        case english = "en"
    }

    /// A text, in Japanese first.
    init(_ japanese: String?, _ english: String?) {
        self.japanese = japanese
        self.english = english
    }

    /// A text that is known in one language.
    init(_ text: String, in language: ManualLanguage) {
        self.init(language == .japanese ? text : nil, language == .english ? text : nil)
    }

    /// The text in a language, or else in the other one.
    subscript(language: ManualLanguage) -> String {
        switch language {
        case .japanese: japanese ?? english ?? ""
        case .english: english ?? japanese ?? ""
        }
    }

    /// Whether there is no text at all.
    var isEmpty: Bool { (japanese ?? "").isEmpty && (english ?? "").isEmpty }
}

/// A language of the manual.
enum ManualLanguage: String, Codable, Sendable, CaseIterable {
    /// The manual's own.
    case japanese = "ja"
    /// The other one.
    case english = "en"

    /// What the language calls itself.
    var ownName: String { self == .japanese ? "日本語" : "English" }
}
