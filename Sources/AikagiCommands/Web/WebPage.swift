import Foundation

/// What a browser shows after a request: as much of the page as a person following the manual looks at.
///
/// The HTML is read scalar by scalar, as browsers do: to Swift, a quotation mark and a mark behind it are one `Character`.
struct WebPage: Sendable {
    /// The path it was found under, after redirects.
    let path: String
    /// The HTTP status.
    let status: Int
    /// The HTML.
    let html: String

    /// The manual's steps that the page belongs to: the words of `<main data-step="…">`.
    var steps: [String] {
        elements("main").first?["data-step"].map { $0.split(separator: " ").map(String.init) } ?? []
    }

    /// The value of a hidden or filled-in field.
    func field(_ name: String) -> String? {
        elements("input").first { $0["name"] == name }?["value"]
    }

    /// What the page complains about, as plain text.
    var alert: String? {
        var rest = html.unicodeScalars[...]
        while let tag = rest.firstRange(of: "<p ".unicodeScalars),
            let end = rest[tag.upperBound...].firstIndex(of: ">")
        {
            let attributes = rest[tag.upperBound..<end].split(separator: " ")
            rest = rest[end...].dropFirst()
            // The one that is hidden waits for a script to fill it.
            let isHidden = attributes.contains { $0.elementsEqual("hidden".unicodeScalars) }
            let isAlert = attributes.contains { $0.elementsEqual(#"role="alert""#.unicodeScalars) }
            guard isAlert, !isHidden else { continue }
            return rest.firstRange(of: "</p>".unicodeScalars).map { WebPage.text(of: rest[..<$0.lowerBound]) }
        }
        return nil
    }

    /// What HTML says, without its tags.
    private static func text(of html: Substring.UnicodeScalarView) -> String {
        var text = String.UnicodeScalarView()
        var isTag = false
        for scalar in html {
            if scalar == "<" { isTag = true }
            if !isTag { text.append(scalar) }
            if scalar == ">" { isTag = false }
        }
        return unescape(String(text))
    }

    /// The attributes of each start tag of one name.
    private func elements(_ name: String) -> [[String: String]] {
        var found: [[String: String]] = []
        var rest = html.unicodeScalars[...]
        let attribute = #/([A-Za-z-]+)="([^"]*)"/#.matchingSemantics(.unicodeScalar)
        while let tag = rest.firstRange(of: "<\(name) ".unicodeScalars),
            let end = rest[tag.upperBound...].firstIndex(of: ">")
        {
            var attributes: [String: String] = [:]
            for match in String(rest[tag.upperBound..<end]).matches(of: attribute) {
                attributes[String(match.1)] = WebPage.unescape(String(match.2))
            }
            found.append(attributes)
            rest = rest[end...]
        }
        return found
    }

    private static let references: [(text: String, meaning: Unicode.Scalar)] = [
        ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&amp;", "&"),
    ]

    private static func unescape(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let scalar = rest.first {
            let reference =
                scalar == "&" ? references.first { rest.starts(with: $0.text.unicodeScalars) } : nil
            result.append(reference?.meaning ?? scalar)
            rest = rest.dropFirst(reference?.text.unicodeScalars.count ?? 1)
        }
        return String(result)
    }
}
