import Portal

/// The report's page: what happened step by step, and the timeline of every ceremony; one file, nothing loaded.
struct DemoReportPage {
    /// What came of each step.
    let outcomes: [StepRunner.Outcome]
    /// When each leg was reached.
    let timeline: Timeline
    /// The steps that have a QR code in the folder.
    let pictures: [String]
    /// The ceremony files in the folder.
    let ceremonies: [String]

    /// The page.
    var html: String {
        let total = outcomes.map { $0.start + $0.ms }.max() ?? 1
        let failed = outcomes.first { !$0.ok }
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Aikagi demo report</title><style>\(DemoReportPage.style)</style></head><body>
            <header><h1>Aikagi demo</h1><p class="\(failed == nil ? "good" : "bad")">\(summary(total, failed))</p></header>
            <main><section><h2>Steps of the manual</h2><div class="scroll"><table>
            <thead><tr><th scope="col">Step</th><th scope="col">What</th><th scope="col">Result</th>
            <th scope="col" class="number">ms</th><th scope="col" class="when">When</th></tr></thead>
            <tbody>\(outcomes.map { row($0, total) }.joined())</tbody></table></div></section>
            \(outcomes.compactMap(ceremony).joined())
            <section><h2>For other verifiers</h2><p>Options and responses as WebAuthn JSON, with challenge, origin and public key.</p><ul>\(ceremonies.map { "<li><a href=\"ceremonies/\($0)\">\($0)</a></li>" }.joined())
            <li><a href="timeline.json">timeline.json</a></li></ul></section></main></body></html>
            """
    }

    private func summary(_ total: Double, _ failed: StepRunner.Outcome?) -> String {
        if let failed {
            return "Failed at \(label(failed.step)), leg \(escape(failed.leg ?? "")): \(escape(failed.result))"
        }
        return "All \(outcomes.count) steps done in \(Int(total.rounded())) ms."
    }

    private func row(_ outcome: StepRunner.Outcome, _ total: Double) -> String {
        let left = percent(outcome.start, of: total)
        let width = max(percent(outcome.ms, of: total), 0.4)
        let chapter = ManualStep.named(outcome.step).chapter
        let isFirst = outcomes.first { ManualStep.named($0.step).chapter == chapter }?.step == outcome.step
        let title = ManualStep.chapterTitles[chapter] ?? ""
        let heading =
            isFirst
            ? "<tr class=\"chapter\"><th colspan=\"5\" scope=\"rowgroup\">\(ManualStep.label(ofChapter: chapter)) \(title)</th></tr>"
            : ""
        return heading + """
            <tr class="\(outcome.ok ? "ok" : "failed")"><td>\(outcome.ok ? "✓" : "✗") \(link(outcome.step))</td>
            <td>\(escape(outcome.title))</td><td>\(escape(outcome.result))</td><td class="number">\(format(outcome.ms))</td>
            <td class="when"><span class="bar" style="margin-left:\(left)%;width:\(width)%"></span></td></tr>
            """
    }

    /// A ceremony's legs on one line of time, and as a table; `nil` for steps without a ceremony.
    private func ceremony(_ outcome: StepRunner.Outcome) -> String? {
        let marks = timeline.marks(of: outcome.step)
        guard let first = marks.first, marks.count > 1 else { return nil }
        // The ceremony may have begun in an earlier step: asking for options, showing the QR code.
        let start = first.time.milliseconds
        let length = max(outcome.start + outcome.ms - start, 0.01)
        let points = marks.map { mark in
            let time = mark.time.milliseconds - start
            return
                "<i class=\"\(mark.place)\" style=\"left:\(percent(time, of: length))%\" title=\"\(escape(mark.leg)) \(format(time)) ms\"></i>"
        }
        var previous = 0.0
        let rows = marks.map { mark in
            let time = mark.time.milliseconds - start
            defer { previous = time }
            return """
                <tr><td class="number">\(format(time))</td><td class="number">+\(format(time - previous))</td>
                <td><span class="place \(mark.place)">\(mark.place)</span></td><td>\(escape(mark.leg))</td>
                <td>\(escape(mark.detail))</td></tr>
                """
        }
        let lanes = ["portal", "phone", "PC"].map { "<span class=\"\($0)\">\($0)</span>" }.joined()
        let picture =
            pictures.contains(outcome.step)
            ? "<figure><img src=\"qr-\(outcome.step).png\" alt=\"The QR code of step \(label(outcome.step))\" width=\"220\"><figcaption>The QR code, as the phone read it</figcaption></figure>"
            : ""
        return """
            <section id="\(outcome.step)"><h2>\(label(outcome.step)) \(escape(outcome.title))</h2><div class="track" aria-hidden="true">\(lanes)<div class="points">\(points.joined())</div></div>
            <div class="ceremony"><div class="scroll"><table><thead><tr><th scope="col" class="number">ms</th><th scope="col"></th>
            <th scope="col">Where</th><th scope="col">Leg</th><th scope="col">Detail</th></tr></thead>
            <tbody>\(rows.joined())</tbody></table></div>\(picture)</div></section>
            """
    }

    /// The step's id, leading to its ceremony where it has one.
    private func link(_ step: String) -> String {
        timeline.marks(of: step).count > 1 ? "<a href=\"#\(step)\">\(label(step))</a>" : label(step)
    }

    /// The step's id as people read it.
    private func label(_ step: String) -> String { ManualStep.named(step).label }

    private func percent(_ part: Double, of whole: Double) -> Double {
        (min(max(part / whole, 0), 1) * 10_000).rounded() / 100
    }

    private func format(_ milliseconds: Double) -> String {
        let tenths = Int((milliseconds * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }

    private func escape(_ text: String) -> String {
        HTMLText.escaped(text)
    }

    private static let style = """
        :root{color-scheme:light dark;--ink:#1c2430;--paper:#fbfbf9;--line:#d9dcd6;--pc:#2b6cb0;--phone:#b7791f;--portal:#2f855a;--bad:#c53030}
        @media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--paper:#15181d;--line:#343a44;--pc:#7fb3ec;--phone:#e5b567;--portal:#79c79b;--bad:#f08080}}
        *{box-sizing:border-box}body{margin:0;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
        header,main{max-width:76rem;margin:0 auto;padding:.6rem 1.25rem}main>section:first-child h2{margin-top:.6rem}h1{margin:0;font-size:1.7rem}h2{font-size:1.15rem;margin:2rem 0 .6rem}
        .good{color:var(--portal);font-weight:600;margin:.2rem 0}.bad,.failed td{color:var(--bad);font-weight:600}.scroll{overflow-x:auto;flex:1}
        table{border-collapse:collapse;width:100%}th,td{padding:.28rem .7rem;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
        .number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.chapter th{padding-top:1rem;font-size:1.02rem}
        td:first-child{white-space:nowrap}.when{width:22%;min-width:9rem}.bar{display:block;height:.7rem;margin-top:.35rem;border-radius:3px;background:var(--pc)}
        .track{position:relative;height:4.2rem;margin:.4rem 0 1rem;padding-left:4.5rem;border-bottom:1px solid var(--line)}
        .track span{position:absolute;left:.2rem;font-size:.8rem;color:var(--portal);top:.1rem}.track span.phone{top:1.4rem;color:var(--phone)}
        .track span.PC{top:2.7rem;color:var(--pc)}.points{position:relative;height:100%;border-left:1px solid var(--line)}
        .track i{position:absolute;top:2.95rem;width:12px;height:12px;margin-left:-6px;border-radius:50%;background:var(--pc);border:2px solid var(--paper)}
        .track i.phone{background:var(--phone);top:1.65rem}.track i.portal{background:var(--portal);top:.35rem}
        .place{font-weight:600;color:var(--pc)}.place.phone{color:var(--phone)}.place.portal{color:var(--portal)}
        .ceremony{display:flex;gap:1.5rem;flex-wrap:wrap}figure{margin:0}figure img{background:#fff;border:1px solid var(--line);image-rendering:pixelated}
        figcaption{font-size:.85rem;max-width:220px}a{color:var(--pc)}
        """
}
