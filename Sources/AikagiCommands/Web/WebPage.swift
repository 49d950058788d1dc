import Foundation

/// What a browser shows after a request: as much of the page as a person following the manual looks at.
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
        guard let start = html.range(of: #"role="alert">"#), let end = html[start.upperBound...].range(of: "</p>")
        else { return nil }
        return WebPage.unescape(html[start.upperBound..<end.lowerBound].replacing(#/<[^>]*>/#, with: ""))
    }

    /// The attributes of each start tag of one name.
    private func elements(_ name: String) -> [[String: String]] {
        var found: [[String: String]] = []
        var rest = html[...]
        while let tag = rest.range(of: "<\(name) "), let end = rest[tag.upperBound...].firstIndex(of: ">") {
            var attributes: [String: String] = [:]
            for match in rest[tag.upperBound..<end].matches(of: #/([A-Za-z-]+)="([^"]*)"/#) {
                attributes[String(match.1)] = WebPage.unescape(match.2)
            }
            found.append(attributes)
            rest = rest[end...]
        }
        return found
    }

    private static func unescape(_ text: some StringProtocol) -> String {
        var result = String(text)
        for (entity, character) in [
            ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&amp;", "&"),
        ] {
            result = result.replacing(entity, with: character)
        }
        return result
    }
}
