import Portal

/// The journey as a page that reads like the manual with pictures, in both languages; it loads nothing but the pictures beside it.
struct JourneyReportPage {
    /// What happened.
    let file: JourneyFile
    /// How large the pictures are, by their paths.
    let sizes: [String: PictureSize]

    /// The page.
    var html: String {
        """
        <!DOCTYPE html>
        <html lang="\(firstLanguage)" data-language="\(firstLanguage)"\(file.language == nil ? "" : " data-first=\"\(firstLanguage)\"")><head><meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>ログイン・マニュアル / The login manual</title>
        <style>\(JourneyReportPage.style)</style></head><body>
        <header class="top"><div><h1>\(both("ログイン・マニュアル", "The login manual"))</h1>
        <nav class="switch" aria-label="言語 / Language">\(languageButtons)</nav></div></header>
        <main>\(summary)\(file.journeys.enumerated().map(section).joined())
        <footer><p>\(both("元のデータ", "The data")): <a href="steps.json">steps.json</a></p></footer></main>
        <dialog id="large"><form method="dialog"><button class="close" aria-label="閉じる / Close">×</button></form>
        <button class="turn before" aria-label="前へ / Previous">‹</button><figure><img alt=""><figcaption></figcaption></figure>
        <button class="turn after" aria-label="次へ / Next">›</button></dialog>
        <script>\(JourneyReportPage.script)</script></body></html>

        """
    }

    /// What the page is in until its script decides.
    private var firstLanguage: String { (file.language ?? .japanese).rawValue }

    private var languageButtons: String {
        ManualLanguage.allCases.map {
            "<button type=\"button\" data-language=\"\($0.rawValue)\" lang=\"\($0.rawValue)\" class=\"always\">\($0.ownName)</button>"
        }.joined()
    }

    // MARK: Summary

    private var summary: String {
        let failed = file.count(.failed)
        let failures = file.journeys.enumerated().flatMap { index, journey in
            journey.entries.enumerated().filter { $0.element.outcome == .failed }.map { number, entry in
                "<li><a href=\"#\(anchor(index, number))\">\(title(of: entry))</a> \(escape(entry.failure ?? ""))</li>"
            }
        }
        let list = failures.isEmpty ? "" : "<ul class=\"failures\">\(failures.joined())</ul>"
        let places = file.journeys.enumerated().map { index, journey in
            let chips = groups(of: journey).map { group in
                let place = anchor(index, group.entries.first?.number ?? 0)
                let (colour, count) = state(of: group.entries.map(\.entry.outcome))
                return
                    "<a class=\"chip \(colour)\" href=\"#\(place)\">\(badge(group.chapter))\(spans(group.title))<b>\(count)</b></a>"
            }
            return "<dt>\(spans(journey.name))</dt><dd>\(chips.joined())</dd>"
        }
        let (colour, _) = state(of: file.entries.map(\.outcome).filter { failed > 0 || $0 == .done })
        return """
            <section class="summary \(colour)"><p class="verdict">\(verdict)</p>
            \(list)<dl>\(places.joined())</dl><p class="made">\(facts)</p></section>
            """
    }

    /// How entries went together, as a colour, and how many of them were done, if not all of them.
    private func state(of outcomes: [Journey.Outcome]) -> (colour: String, count: String) {
        let done = outcomes.count { $0 == .done }
        if outcomes.contains(.failed) { return ("bad", "\(done)/\(outcomes.count)") }
        return done == outcomes.count && done > 0 ? ("good", "\(done)") : ("left", "\(done)/\(outcomes.count)")
    }

    /// How it went, in one line.
    private var verdict: String {
        let (done, failed) = (file.count(.done), file.count(.failed))
        let result: String
        if failed > 0 {
            result = both("\(done + failed)件のうち\(failed)件がうまくいきませんでした。", "\(failed) of \(done + failed) went wrong.")
        } else if done == 0 {
            result = both("まだ何も行っていません。", "Nothing was tried.")
        } else {
            result = both(
                "\(done)件すべてが想定どおりでした。",
                done == 1 ? "The one entry went as it should." : "All \(done) entries went as they should.")
        }
        let left = [
            (file.count(.skipped), "件はとばしました。", "skipped"), (file.count(.unreached), "件は未実施です。", "not reached"),
        ]
        return result
            + left.filter { $0.0 > 0 }.map { both("\($0.0)\($0.1)", " \($0.0) \($0.0 == 1 ? "was" : "were") \($0.2).") }
            .joined()
    }

    private var facts: String {
        let seconds = Int((file.entries.compactMap(\.milliseconds).reduce(0, +) / 1000).rounded())
        let day = escape(file.made.replacing("T", with: " ").replacing("Z", with: " UTC"))
        let names = Set(file.journeys.compactMap(\.surroundings)).sorted().map(escape).joined(separator: ", ")
        return "\(day) · \(names.isEmpty ? "" : names + " · ")\(both("\(seconds)秒", "\(seconds) s"))"
    }

    // MARK: Sections

    /// Entries that belong under one heading.
    private struct Group {
        var chapter: String?
        var title: BilingualText
        var entries: [(number: Int, entry: Journey.Entry)]
    }

    /// The entries by the manual's chapters; what goes wrong is told in their order, whatever the order of the walk was.
    private func groups(of journey: Journey) -> [Group] {
        func chapter(_ entry: Journey.Entry) -> String? { entry.step.map { ManualStep.named($0).chapter } }
        var entries = journey.entries.enumerated().map { (number: $0.offset, entry: $0.element) }
        if journey.kind != .manual {
            let order = ManualStep.chapterOrder
            func place(_ entry: Journey.Entry) -> Int { order.firstIndex { $0 == chapter(entry) } ?? order.count }
            entries.sort { (place($0.entry), $0.number) < (place($1.entry), $1.number) }
        }
        var groups: [Group] = []
        for (number, entry) in entries {
            let chapter = chapter(entry)
            if groups.isEmpty || groups.last?.chapter != chapter {
                let title = chapter.flatMap { ManualStep.chapters[$0] } ?? BilingualText("その他", "More")
                groups.append(Group(chapter: chapter, title: title, entries: []))
            }
            groups[groups.count - 1].entries.append((number, entry))
        }
        return groups
    }

    private func section(_ index: Int, _ journey: Journey) -> String {
        let surroundings = journey.surroundings.map { "<p class=\"where\">\(escape($0))</p>" } ?? ""
        let note = journey.note.map { "<p class=\"note\">\(spans($0))</p>" } ?? ""
        let heading = "<div class=\"journey\"><h2>\(spans(journey.name))</h2>\(surroundings)</div>\(note)"
        let parts = groups(of: journey).map { group in
            let title = "<h3>\(badge(group.chapter))\(spans(group.title))</h3>"
            return "\(title)<ol class=\"cards\">\(group.entries.map { card(index, $0.number, $0.entry) }.joined())</ol>"
        }
        return "<section>\(heading)\(parts.joined())</section>"
    }

    private func card(_ index: Int, _ number: Int, _ entry: Journey.Entry) -> String {
        let mark =
            switch entry.outcome {
            case .done: ""
            case .failed: "<span class=\"mark\">✗</span>"
            case .skipped, .unreached: "<span class=\"mark\">–</span>"
            }
        let step = entry.step.map { "<span class=\"number\">\(escape(label($0)))</span>" } ?? ""
        let seen = entry.seen.map { $0.isEmpty ? "" : "<p class=\"seen\">\(spans($0))</p>" } ?? ""
        let failure = entry.failure.map { "<p class=\"failure\">\(escape($0))</p>" } ?? ""
        let what =
            entry.title == nil
            ? ManualStep.explanations[entry.step ?? ""].map { "<p class=\"what\">\(spans($0))</p>" } ?? "" : ""
        let facts = [entry.milliseconds.map(duration), entry.witness.map(witness)].compactMap(\.self)
        let time = facts.isEmpty ? "" : "<p class=\"time\">\(facts.joined(separator: " · "))</p>"
        return """
            <li class="card \(entry.outcome.rawValue)" id="\(anchor(index, number))"><h4>\(mark)\(step)\(title(of: entry))</h4>
            \(pictures(of: entry))<div class="words">\(what)\(failure)\(seen)\(time)</div></li>
            """
    }

    private func pictures(of entry: Journey.Entry) -> String {
        let (ja, en) = (entry.pictures?.ja, entry.pictures?.en)
        if let ja, let en { return picture(ja, " lang=\"ja\"", entry) + picture(en, " lang=\"en\"", entry) }
        return (ja ?? en).map { picture($0, "", entry) } ?? ""
    }

    private func picture(_ path: String, _ language: String, _ entry: Journey.Entry) -> String {
        let size = sizes[path].map { " width=\"\($0.width)\" height=\"\($0.height)\"" } ?? ""
        let words = entry.title ?? ManualStep.named(entry.step ?? "").words
        let text = language.contains("en") ? words[.english] : words[.japanese]
        let step = entry.step.map { label($0) + " " } ?? ""
        return
            "<a class=\"picture\" href=\"\(escape(path))\"\(language)><img src=\"\(escape(path))\" alt=\"\(escape(step + text))\" loading=\"lazy\"\(size)></a>"
    }

    // MARK: Words

    private func title(of entry: Journey.Entry) -> String {
        spans(entry.title ?? ManualStep.named(entry.step ?? "").words)
    }

    private func anchor(_ index: Int, _ number: Int) -> String { "j\(index)-\(number)" }

    private func label(_ step: String) -> String { ManualStep.named(step).label }

    private func badge(_ chapter: String?) -> String {
        chapter.map { "<span class=\"badge\">\(escape(ManualStep.label(ofChapter: $0)))</span>" } ?? ""
    }

    private func duration(_ milliseconds: Double) -> String {
        let tenths = Int((milliseconds / 100).rounded())
        return both("\(tenths / 10).\(tenths % 10)秒", "\(tenths / 10).\(tenths % 10) s")
    }

    private func witness(_ witness: Journey.Witness) -> String {
        switch witness {
        case .portal: both("ポータルで確認", "Seen at the portal")
        case .person: both("画面の前の人が確認", "Confirmed by the person at the screen")
        }
    }

    private func spans(_ text: BilingualText) -> String { both(text[.japanese], text[.english]) }

    private func both(_ japanese: String, _ english: String) -> String {
        japanese == english
            ? escape(japanese)
            : "<span lang=\"ja\">\(escape(japanese))</span><span lang=\"en\">\(escape(english))</span>"
    }

    private func escape(_ text: String) -> String {
        HTMLText.escaped(text.printable)
    }
}
