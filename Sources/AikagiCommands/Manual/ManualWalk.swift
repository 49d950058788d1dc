import FoundationEssentials
import Portal

/// A person's walk through the manual: says a step, waits, sees at the portal what happened, keeps a picture.
struct ManualWalk: Sendable {
    /// What can happen while a step is waited for.
    enum Event: Sendable {
        /// The portal has shown a page.
        case page(PageView)
        /// The person has typed a line.
        case line(String)
        /// Nobody types any more.
        case endOfInput
    }

    /// What came of waiting.
    private enum Arrival {
        /// The step, and as many after it as the page shows to be done.
        case seen(PageView, throughStep: Int)
        case confirmed
        case skipped
        case failed(String)
        case quit
    }

    /// What there is to do.
    let steps: [WalkScript.Step]
    /// The language to speak.
    let language: ManualLanguage
    /// Where to speak.
    let console: Console
    /// Whether to print JSON Lines.
    let json: Bool
    /// Takes a picture of the screen; `nil` when none can be had.
    let camera: ScreenCamera?
    /// Where pictures and steps go.
    let report: JourneyReport?
    /// The name of the surroundings for the report.
    let surroundings: String
    /// The portal's clock, for what expires.
    var clock: PortalClock?
    /// The time.
    let now: @Sendable () -> Date

    private struct State {
        var page: PageView?
        var position = 0
        /// How many of a step's pages have been seen.
        var progress = 0
        var entries: [Journey.Entry] = []
        var mishaps: [Journey.Entry] = []
        /// What the portal refused otherwise.
        var refused: [Journey.Entry] = []
        var picture: String?
        var began: Date
    }

    /// Walks until the last step, or until the person quits.
    ///
    /// - Returns: What came of it; also written to the report after each step, so that nothing is lost.
    func run(_ events: AsyncStream<Event>) async throws -> JourneyFile {
        var events = events.makeAsyncIterator()
        var state = State(began: now())
        say(greeting)
        while state.position < steps.count {
            let step = steps[state.position]
            announce(state.position)
            clock?.set(aheadBy: step.passing ?? .zero)
            (state.began, state.progress, state.picture) = (now(), 0, nil)
            switch try await wait(&events, &state) {
            case .seen(let page, let last):
                let picture = await picture(of: step)
                for position in state.position...last {
                    let isLast = position == last
                    try finish(
                        steps[position], .done, seen: isLast ? message(of: page) : passed,
                        picture: isLast ? picture : nil, witness: .portal, &state)
                }
                state.position = last + 1
            case .confirmed:
                try finish(step, .done, picture: await picture(of: step), witness: .person, &state)
                state.position += 1
            case .skipped:
                try finish(step, .skipped, &state)
                state.position += 1
            case .failed(let reason):
                try finish(step, .failed, picture: await picture(of: step), failure: reason, &state)
                state.position += 1
            case .quit:
                for step in steps[state.position...] { try finish(step, .unreached, &state, isQuiet: true) }
                state.position = steps.count
            }
        }
        return file(state)
    }

    // MARK: Waiting

    private func wait(_ events: inout AsyncStream<Event>.AsyncIterator, _ state: inout State) async throws -> Arrival {
        // What the page of the step before shows already, as "first login complete" does.
        if let page = state.page, let arrival = arrival(of: page, &state) { return arrival }
        while let event = await events.next() {
            try Task.checkCancellation()
            switch event {
            case .page(let page):
                if case .refusal(let refusal) = steps[state.position].goal, refusal.matches(page) {
                    return .seen(page, throughStep: state.position)
                } else if page.isRefusal {
                    try await note(page, &state)
                } else if let arrival = arrival(of: page, &state) {
                    return arrival
                }
            case .line(let line):
                if let arrival = try answer(line, &state) { return arrival }
            case .endOfInput: return .quit
            }
        }
        try Task.checkCancellation()
        return .quit
    }

    /// What a page says about the step that is due, or the first one after it that a page can show.
    private func arrival(of page: PageView, _ state: inout State) -> Arrival? {
        var position = state.position
        while position < steps.count, steps[position].goal == .person { position += 1 }
        guard position < steps.count, case .pages(let pages) = steps[position].goal,
            steps[position].step.chapter == steps[state.position].step.chapter
        else { return nil }
        guard pages.indices.contains(state.progress), !Set(pages[state.progress]).isDisjoint(with: page.steps) else {
            return nil
        }
        state.page = page
        state.progress += 1
        return state.progress == pages.count ? .seen(page, throughStep: position) : nil
    }

    /// The portal has refused something: that is part of the protocol, and the step goes on.
    private func note(_ page: PageView, _ state: inout State) async throws {
        let step = steps[state.position]
        let text = page.message ?? ""
        say(words("  ！ ポータルの応答：\(text)", "  ! the portal says: \(text)"))
        let name = "refused-\(state.refused.count + 1)"
        let picture = try await camera?.picture().flatMap { try keep($0, named: name) }
        state.refused.append(
            Journey.Entry(
                step: step.step.id, title: step.step.words, outcome: .done, seen: message(of: page),
                pictures: picture.map { pictures($0) }))
        try save(state)
    }

    /// What the person means by a line; `nil` when the step goes on.
    private func answer(_ line: String, _ state: inout State) throws -> Arrival? {
        let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
        let rest = parts.count > 1 ? parts[1] : ""
        switch parts.first {
        case "y" where steps[state.position].isQuestion: return .confirmed
        case "n" where steps[state.position].isQuestion:
            return .failed(words("画面に表示されなかった", "the screen did not show it"))
        case nil where steps[state.position].isQuestion: say(question)
        case nil:
            if steps[state.position].goal == .person { return .confirmed }
            say(words("  … ポータルではまだ確認できません。", "  … the portal has not seen that yet."))
        case "s": return .skipped
        case "f": return .failed(rest.isEmpty ? words("うまくいかなかった", "it did not work") : rest)
        case "q": return .quit
        case "p":
            guard let data = FileManager.default.contents(atPath: rest) else {
                say(words("  ！ ファイルを開けません：\(rest)", "  ! cannot read the file: \(rest)"))
                return nil
            }
            guard PictureSize(of: Array(data)) != nil else {
                say(words("  ！ 画像を読み取れません：\(rest)", "  ! this is no PNG or JPEG: \(rest)"))
                return nil
            }
            state.picture = try keep(Array(data), named: steps[state.position].name)
            say(words("  画像を追加しました。", "  picture taken."))
        default: say(help)
        }
        return nil
    }

    // MARK: Keeping

    private func picture(of step: WalkScript.Step) async -> [UInt8]? { await camera?.picture() }

    private func keep(_ picture: [UInt8], named name: String) throws -> String? {
        guard let report, let size = PictureSize(of: picture) else { return nil }
        return try report.keep(picture: picture, name: "\(name)-\(language.rawValue).\(size.fileExtension)")
    }

    private func pictures(_ path: String?) -> Journey.Pictures {
        language == .japanese ? Journey.Pictures(ja: path) : Journey.Pictures(en: path)
    }

    private func finish(
        _ step: WalkScript.Step, _ outcome: Journey.Outcome, seen: BilingualText? = nil, picture: [UInt8]? = nil,
        failure: String? = nil, witness: Journey.Witness? = nil, _ state: inout State, isQuiet: Bool = false
    ) throws {
        let kept = try state.picture ?? picture.flatMap { try keep($0, named: step.name) }
        let milliseconds = (now().timeIntervalSince(state.began) * 1000).rounded()
        let entry = Journey.Entry(
            step: step.step.id, title: step.mishap?.title, outcome: outcome, seen: seen, failure: failure,
            witness: witness,
            milliseconds: [.done, .failed].contains(outcome) ? milliseconds : nil, pictures: kept.map { pictures($0) })
        if step.mishap == nil { state.entries.append(entry) } else { state.mishaps.append(entry) }
        (state.picture, state.began) = (nil, now())
        try save(state)
        if json {
            console.json(entry)
        } else if !isQuiet {
            let mark =
                switch outcome {
                case .done: "✓"
                case .failed: "✗"
                case .skipped, .unreached: "–"
                }
            console.result("  \(mark) \(step.step.label) \(step.title[language])")
        }
    }

    private func save(_ state: State) throws { try report?.write(file(state)) }

    private func file(_ state: State) -> JourneyFile {
        let journeys = [
            (BilingualText("マニュアルの手順", "The manual, step by step"), Journey.Kind.manual, state.entries),
            (BilingualText("うまくいかないとき", "When something goes wrong"), .mishaps, state.mishaps),
            (
                BilingualText("ポータルが受け付けなかったこと", "What the portal refused"), .refusals, state.refused
            ),
        ].filter { !$0.2.isEmpty }.map {
            Journey(name: $0.0, surroundings: surroundings, kind: $0.1, entries: $0.2)
        }
        return JourneyFile(made: now().ISO8601Format(), language: language, journeys: journeys)
    }

    // MARK: Speaking

    private func words(_ japanese: String, _ english: String) -> String { BilingualText(japanese, english)[language] }

    private func say(_ line: String) { console.note(line) }

    private func announce(_ position: Int) {
        let step = steps[position]
        let before = position == 0 ? nil : steps[position - 1]
        if let mishap = step.mishap {
            if before?.mishap == nil {
                say(
                    words(
                        "\n！  うまくいかないとき（失敗する手順を一つずつ試します）",
                        "\n!  When something goes wrong (one way after the other, on purpose)"))
            }
            say("\n\(step.step.label)  \(mishap.title[language])")
            if let passing = step.passing {
                let minutes = passing.components.seconds / 60
                let (ja, en) =
                    minutes < 120
                    ? ("\(minutes)分", "\(minutes) minutes") : ("\(minutes / 60)時間", "\(minutes / 60) hours")
                say(words("  （この手順の間だけ、ポータルの時計を\(ja)進めています。）", "  (For this one, the portal's clock is \(en) ahead.)"))
            }
            say("  \(step.instruction[language])\(step.isQuestion ? " [y/n]" : "")")
            return
        }
        if before?.step.chapter != step.step.chapter {
            let chapter = step.step.chapter
            say("\n\(ManualStep.label(ofChapter: chapter))  \(ManualStep.chapters[chapter]?[language] ?? "")")
        }
        say("\(step.step.label)  \(step.instruction[language])")
    }

    private var question: String {
        words("  … [y] はい、[n] いいえ、[s] とばす", "  … [y] yes, [n] no, [s] skip")
    }

    private func message(of page: PageView) -> BilingualText? {
        page.message.map { BilingualText($0, in: page.language == .japanese ? .japanese : .english) }
    }

    private var passed: BilingualText {
        BilingualText("続く画面で確認しました。", "Seen by what followed.")
    }

    private var greeting: String {
        words("手順を一つずつ案内します。", "One step after the other.") + "\n" + help
    }

    private var help: String {
        words(
            "[Enter] 済み  [s] とばす  [f 理由] うまくいかない  [p 画像ファイル] 画像を追加  [q] 終わる",
            "[Enter] done  [s] skip  [f why] did not work  [p FILE] add a picture  [q] quit")
    }
}
