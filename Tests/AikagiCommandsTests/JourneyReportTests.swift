import Foundation
import Portal
import Testing

@testable import AikagiCommands

@Suite struct JourneyReportTests {
    /// A picture of one pixel.
    private static let png: [UInt8] =
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8)
        + [0, 0, 0, 1, 0, 0, 0, 2, 8, 2, 0, 0, 0]

    private static func json(_ entries: String, format: Int = 1) -> [UInt8] {
        Array(
            """
            {"format": \(format), "made": "2026-11-30T19:20:00Z", "journeys": [
              {"name": {"ja": "手順", "en": "Steps"}, "kind": "manual", "entries": [\(entries)]}]}
            """.utf8)
    }

    static let refusals: [(String, String)] = [
        ("", "they are not JSON"),
        ("{}", "'format' is missing"),
        (#"{"format": 1, "made": "", "journeys": [{"name": {}, "kind": "tale", "entries": []}]}"#, "journeys.0.kind"),
        (String(decoding: json("", format: 2), as: UTF8.self), "format 2"),
        (String(decoding: json(#"{"step": "1.2"}"#), as: UTF8.self), "outcome' is missing"),
        (
            String(decoding: json(#"{"step": "9.9", "outcome": "done"}"#), as: UTF8.self),
            "'9.9' is none of the manual's"
        ),
        (String(decoding: json(#"{"outcome": "done"}"#), as: UTF8.self), "give it a title"),
    ]

    @Test("Steps that cannot be shown are refused in one sentence", arguments: refusals)
    func refusal(text: String, words: String) {
        let error = #expect(throws: CommandFailure.self) { try JourneyFile(decoding: Array(text.utf8)) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test(
        "A picture lies in the report's folder",
        arguments: [
            "../a.png", "/a.png", "a/../../b.png", "http://a.example/a.png", "a//b.png", "a\\b.png", "",
            // What joins a slash, a colon or a backslash to one Character with it.
            "https:\u{FE0F}a.example/a.png", "../\u{301}a.png", "/\u{301}a.png", "a\\\u{301}b.png",
            // What a browser makes of it.
            "%2e%2E/a.png", ".%2e/a.png", " /a.png", ".\u{9}./a.png",
        ])
    func pathOutside(path: String) throws {
        let escaped = path.unicodeScalars.map { $0 == "\\" ? "\\\\" : $0 == "\t" ? "\\t" : String($0) }.joined()
        let entry = #"{"step": "1.2", "outcome": "done", "pictures": {"ja": "\#(escaped)"}}"#
        let error = #expect(throws: CommandFailure.self) { try JourneyFile(decoding: Self.json(entry)) }
        #expect(error?.description.contains("outside of the report's folder") == true)
    }

    private func page(
        _ entries: [Journey.Entry], kind: Journey.Kind = .manual, language: ManualLanguage? = nil
    ) -> String {
        let journey = Journey(name: BilingualText("道", "Way"), surroundings: "Browser 1", kind: kind, entries: entries)
        return JourneyReportPage(
            file: JourneyFile(made: "2026-11-30T19:20:00Z", language: language, journeys: [journey]), sizes: [:]
        ).html
    }

    @Test("Each step is shown under its chapter, with the manual's words in both languages")
    func chapters() throws {
        let html = page(ManualStep.everyStep.map { Journey.Entry(step: $0.id, outcome: .done) })
        for step in ManualStep.everyStep {
            #expect(html.contains(step.japaneseTitle))
            #expect(html.contains(HTMLText.escaped(try #require(step.words.english))))
        }
        for title in ManualStep.chapters.values { #expect(html.contains(title[.japanese])) }
        #expect(html.contains("<span class=\"number\">★.4</span>"))
        #expect(html.contains("All \(ManualStep.everyStep.count) entries went as they should."))
        // Every place that is linked to exists.
        for match in html.matches(of: #/href="#([^"]+)"/#) { #expect(html.contains("id=\"\(match.1)\"")) }
    }

    @Test("Each step says what the manual says of it, and nothing else has such words")
    func explanations() throws {
        #expect(Set(ManualStep.explanations.keys) == Set(ManualStep.everyStep.map(\.id)))
        #expect(Set(ManualStep.chapterOrder) == Set(ManualStep.chapters.keys))
        let words = try #require(ManualStep.explanations["1.9"])
        let html = page([Journey.Entry(step: "1.9", outcome: .done)])
        #expect(html.contains(words[.japanese]) && html.contains(words[.english]))
        let mishap = Journey.Entry(step: "1.9", title: BilingualText("短い", "Short"), outcome: .done)
        #expect(!page([mishap], kind: .mishaps).contains(words[.english]))
    }

    @Test("What goes wrong is told by chapters, in the manual's order, with who has seen it")
    func mishaps() {
        func entry(_ step: String?, _ title: String, _ witness: Journey.Witness?) -> Journey.Entry {
            Journey.Entry(step: step, title: BilingualText(nil, title), outcome: .done, witness: witness)
        }
        let html = page(
            [
                entry("c.1", "Last", .portal), entry(nil, "Besides", nil), entry("1.2", "First", .portal),
                entry("x.4", "Middle", .person), entry("1.6", "Second", nil),
            ], kind: .mishaps)
        let cards = html.matches(of: #/<h4>.*?>?([A-Z][a-z]+)</h4>/#).map { String($0.1) }
        #expect(cards == ["First", "Second", "Middle", "Last", "Besides"])
        #expect(html.components(separatedBy: "Seen at the portal").count == 3)
        #expect(html.components(separatedBy: "Confirmed by the person at the screen").count == 2)
        for match in html.matches(of: #/href="#([^"]+)"/#) { #expect(html.contains("id=\"\(match.1)\"")) }
    }

    @Test("What failed is said at the top, and where it failed")
    func failure() {
        let html = page([
            Journey.Entry(step: "1.2", outcome: .done),
            Journey.Entry(step: "1.3", outcome: .failed, failure: "no <b>answer</b>"),
            Journey.Entry(step: "1.4", outcome: .skipped),
            Journey.Entry(step: "1.5", outcome: .unreached), Journey.Entry(step: "1.6", outcome: .unreached),
        ])
        #expect(html.contains("1 of 2 went wrong.") && html.contains("2件のうち1件がうまくいきませんでした。"))
        #expect(html.contains(" 1 was skipped.") && html.contains("1件はとばしました。"))
        #expect(html.contains(" 2 were not reached.") && html.contains("2件は未実施です。"))
        #expect(html.contains("<a href=\"#j0-1\">"))
        #expect(html.contains("no &lt;b&gt;answer&lt;/b&gt;") && !html.contains("<b>answer"))
    }

    @Test("A chapter is green when all of it was done, red when something failed, and else grey")
    func chips() {
        let html = page([
            Journey.Entry(step: "1.2", outcome: .done), Journey.Entry(step: "2-1.1", outcome: .skipped),
            Journey.Entry(step: "2-1.2", outcome: .done), Journey.Entry(step: "2-2.1", outcome: .unreached),
            Journey.Entry(step: "x.1", outcome: .failed), Journey.Entry(step: "x.2", outcome: .unreached),
        ])
        let chips = html.matches(of: #/class="chip ([a-z]+)".*?<b>([0-9/]+)</b>/#).map { "\($0.1) \($0.2)" }
        #expect(chips == ["good 1", "left 1/2", "left 0/1", "bad 0/2"])
    }

    @Test(
        "The summary is green when all that was tried went well, and grey when nothing was tried",
        arguments: [
            ([.done, .skipped], "good"), ([.skipped, .unreached], "left"), ([], "left"), ([.done, .failed], "bad"),
        ] as [([Journey.Outcome], String)])
    func summary(outcomes: [Journey.Outcome], colour: String) {
        #expect(page(outcomes.map { Journey.Entry(step: "1.2", outcome: $0) }).contains("class=\"summary \(colour)\""))
    }

    @Test("The page opens in the language of the walk; without one, in its reader's")
    func language() throws {
        let entry = Journey.Entry(step: "1.2", outcome: .done)
        #expect(page([entry]).contains("<html lang=\"ja\" data-language=\"ja\"><head>"))
        for language in ManualLanguage.allCases {
            let name = language.rawValue
            let html = page([entry], language: language)
            #expect(html.contains("<html lang=\"\(name)\" data-language=\"\(name)\" data-first=\"\(name)\"><head>"))
            let file = JourneyFile(made: "", language: language, journeys: [])
            #expect(try JourneyFile(decoding: file.encoded()).language == language)
        }
    }

    @Test("One entry, or none, is told in the singular")
    func numbers() {
        #expect(page([Journey.Entry(step: "1.2", outcome: .done)]).contains("The one entry went as it should."))
        #expect(page([Journey.Entry(step: "1.2", outcome: .skipped)]).contains("Nothing was tried."))
    }

    @Test("A picture of each language is shown in its language, a single one in both")
    func pictures() {
        let both = Journey.Entry(step: "1.2", outcome: .done, pictures: .init(ja: "p/j.png", en: "p/e.png"))
        let single = Journey.Entry(step: "1.3", outcome: .done, pictures: .init(en: "p/only.png"))
        let html = page([both, single])
        #expect(html.contains("href=\"p/j.png\" lang=\"ja\"") && html.contains("href=\"p/e.png\" lang=\"en\""))
        #expect(html.contains("href=\"p/only.png\"><img"))
    }

    @Test("A report is written of steps and pictures, and read again")
    func folder() throws {
        let folder = NSTemporaryDirectory() + "journey-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let report = JourneyReport(folder: folder)
        try report.prepare()
        let path = try report.keep(picture: Self.png, name: "1.2.png")
        let entry = Journey.Entry(step: "1.2", outcome: .done, pictures: .init(ja: path))
        let journey = Journey(name: BilingualText("道", "Way"), kind: .mishaps, entries: [entry])
        try report.write(JourneyFile(made: "2026-11-30T19:20:00Z", journeys: [journey]))
        let again = try JourneyFile(decoding: Array(Data(contentsOf: URL(filePath: report.steps))))
        #expect(again.journeys.first?.entries.first?.pictures?.ja == "pictures/1.2.png")
        let html = try String(contentsOfFile: report.index, encoding: .utf8)
        #expect(html.contains("width=\"1\" height=\"2\""))

        try FileManager.default.removeItem(atPath: folder + "/pictures/1.2.png")
        let missing = #expect(throws: CommandFailure.self) { try report.writePage(of: again) }
        #expect(missing?.description.contains("is missing") == true)
        _ = try report.keep(picture: Array("GIF89a".utf8), name: "1.2.png")
        let other = #expect(throws: CommandFailure.self) { try report.writePage(of: again) }
        #expect(other?.description.contains("is no picture") == true)
    }

    /// A JPEG's beginning: JFIF, then the frame of 640 × 480.
    private static let jpeg: [UInt8] =
        [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xC4, 0, 2, 0xFF, 0xC2, 0, 17, 8, 1, 224, 2, 128, 3]

    @Test("The size of a picture is in its head; every cut-off head is none")
    func sizes() {
        #expect(PictureSize(of: Self.png).map { [$0.width, $0.height] } == [1, 2])
        #expect(PictureSize(of: Self.jpeg).map { [$0.width, $0.height] } == [640, 480])
        for count in 0..<24 { #expect(PictureSize(of: Array(Self.png.prefix(count))) == nil) }
        for count in 0..<21 { #expect(PictureSize(of: Array(Self.jpeg.prefix(count))) == nil) }
        #expect(PictureSize(of: Self.jpeg.prefix(12) + [0xFF, 0xC0, 0, 17, 8, 0, 0, 0, 1, 3]) == nil)
        // A segment that claims no length leads nowhere, and not round in circles.
        #expect(PictureSize(of: [0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0xFF, 0xE0, 0, 0, 0, 0, 0, 0]) == nil)
    }
}
