import ArgumentParser
import Foundation
import Portal

/// `aikagi manual`.
struct ManualCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual",
        abstract: "Walk through the login manual with a real browser, PC and phone, and keep a protocol.",
        discussion: """
            Starts a portal with a fresh account, says what to do step by step, in Japanese or English, and waits for you. \
            What happened is seen at the portal, whatever browser you use; at steps that only you can see, press Enter. \
            Each step leaves a picture of the screen. --report DIR gets steps.json, the pictures, and index.html, which \
            reads like the manual with pictures; it is written after each step, so nothing is lost.

            A phone that opens the portal itself needs HTTPS and a name: --origin, --certificate, --private-key. Mail stays \
            on the page /mail, unless --smtp names a server.

            --mishaps goes wrong on purpose after the walk: a wrong password, an old link (the portal's clock is set ahead for it), \
            a finger that is refused, Bluetooth off. What the portal cannot see, you are asked: y or n.

            While a step waits: Enter (done), s (skip), f WHY (it did not work), p FILE (add a picture, for example \
            the phone's), q (quit, as does the end of what is piped in). What the portal refuses on the way is part of the protocol.

            Examples:
              aikagi manual --report protocol
              aikagi manual --language ja --report protocol --chapter 1 --chapter 2-1
              aikagi manual --method app --report protocol --mishaps
              aikagi manual --method mail --chapter mishaps
              aikagi manual --origin https://a.example --certificate c --private-key k
              aikagi manual report protocol    makes the page anew from steps.json

            Exit status: 0 when no step failed; skipped ones and those not reached do not count.
            """,
        subcommands: [ManualReportCommand.self])

    @Option(help: ArgumentHelp("Write the report to this folder.", valueName: "dir"))
    var report: String?

    @Option(help: "The language to speak: ja or en (default: the environment's).")
    var language: ManualLanguage?

    @Option(help: "How to authenticate, as chosen in step 1.8: passkey, app or mail (one-time passwords).")
    var method = WalkScript.Method.passkey

    @Option(
        name: .customLong("chapter"),
        help: ArgumentHelp(
            "Only this chapter: 1, 2-1, 2-2 or x (★); b with --method app, c with --method mail; mishaps (repeatable).",
            valueName: "chapter"))
    var chapters: [String] = []

    @Flag(help: "Then go wrong on purpose, one way after the other (also: --chapter mishaps, for these only).")
    var mishaps = false

    @Option(help: "Pictures: of the screen (where there is one that can be read), or none but those you add.")
    var pictures = Pictures.screen

    @Option(help: "The address that the portal listens on.")
    var address = "127.0.0.1"

    @Option(help: "The portal's port; 0 takes a free one.")
    var port: UInt16 = 8080

    @Option(
        help: ArgumentHelp(
            "Where accounts and mail are kept.", discussion: "Default: a scratch folder, removed at the end.",
            valueName: "dir"))
    var data: String?

    @OptionGroup(title: "Web") var web: PortalWebOptions

    @OptionGroup(title: "Mail") var mailing: PortalMailOptions

    @Flag(help: "Print what came of each step as JSON Lines.")
    var json = false

    /// Where pictures come from.
    enum Pictures: String, ExpressibleByArgument, CaseIterable, Sendable {
        case screen, none
    }

    /// What goes wrong, as a chapter.
    private static let mishapChapter = "mishaps"

    func validate() throws { try OptionRules.check(checkOptions) }

    private func checkOptions() throws {
        for chapter in chapters where chapter != Self.mishapChapter && !method.chapters.contains(chapter) {
            if let other = WalkScript.Method.allCases.first(where: { $0.chapters.contains(chapter) }) {
                throw ValidationError(
                    "chapter \(chapter) goes with --method \(other.rawValue), not with --method \(method.rawValue)")
            }
            throw ValidationError(
                "there is no chapter '\(chapter)' with --method \(method.rawValue); "
                    + "there are \((method.chapters + [Self.mishapChapter]).joined(separator: ", "))")
        }
        if !Set(chapters).subtracting([Self.mishapChapter]).isEmpty, !chapters.contains("1"), data == nil {
            throw ValidationError("without chapter 1, --data must name the folder of an earlier walk")
        }
    }

    func run() async throws {
        try await runInterruptibly {
            let report = report.map { JourneyReport(folder: $0) }
            try report?.prepare()
            if let data {
                try createPrivateDirectory(data)
                try await walk(in: data, report)
            } else {
                try await withScratchDirectory { folder in try await walk(in: folder, report) }
            }
        }
    }

    private func walk(in folder: String, _ report: JourneyReport?) async throws {
        let (events, inbox) = AsyncStream.makeStream(of: ManualWalk.Event.self)
        var configuration = try await PortalConfiguration(
            in: folder, address: address, port: port, web: web, mailing: mailing)
        let mail = configuration.mailDirectory
        configuration.showsManualSteps = true
        configuration.language = speech == .japanese ? .japanese : .english
        let clock = PortalClock()
        configuration.clock = { clock.now }
        configuration.onPage = { inbox.yield(.page($0)) }
        try await withRunningPortal(configuration) { origin, accounts in
            let account = try await account(in: accounts)
            let mailbox = mailing.smtp != nil ? nil : mailing.mailPage ? origin + "/mail" : mail
            let other = goesWrong ? try await mishapAccount(in: accounts) : nil
            let script = WalkScript(
                origin: origin, account: account, mail: mailbox, method: method, chapters: chapters, mishaps: other)
            let file = try await guide(script, origin: origin, report, clock, events, inbox)
            try conclude(file, report)
        }
    }

    /// Leads the person, who answers by pages of the portal and by lines on the terminal.
    private func guide(
        _ script: WalkScript, origin: String, _ report: JourneyReport?, _ clock: PortalClock,
        _ events: AsyncStream<ManualWalk.Event>, _ inbox: AsyncStream<ManualWalk.Event>.Continuation
    ) async throws -> JourneyFile {
        let camera =
            pictures == .screen && report != nil ? ScreenCamera(environment: ProcessInfo.processInfo.environment) : nil
        let walk = ManualWalk(
            steps: script.steps, language: speech, console: .standard, json: json, camera: camera, report: report,
            surroundings: origin, clock: clock, now: { Date() })
        return try await withThrowingTaskGroup(of: JourneyFile?.self) { group in
            group.addTask {
                var hasSpoken = false
                await TerminalLines().forEach { line in
                    hasSpoken = true
                    inbox.yield(.line(line))
                }
                // Where nobody was from the beginning, the walk goes on by what the portal sees.
                if hasSpoken { inbox.yield(.endOfInput) }
                return nil
            }
            group.addTask { try await walk.run(events) }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                if let file = ended { return file }
            }
            throw CancellationError()
        }
    }

    /// The account at the start of the manual; one of an earlier walk is gone on with.
    private func account(in accounts: PortalAccounts) async throws -> FirstLogin.Account {
        do {
            return try await DemoAccount.add(to: accounts)
        } catch PortalAccountError.userIDTaken {
            return DemoAccount.account()
        }
    }

    /// Whether the mishaps are walked.
    private var goesWrong: Bool { mishaps || chapters.contains(Self.mishapChapter) }

    /// A fresh account for the mishaps, which leave it locked out.
    private func mishapAccount(in accounts: PortalAccounts) async throws -> FirstLogin.Account {
        for number in 1...1000 {
            do {
                return try await DemoAccount.add(to: accounts, userID: "mishaps-\(number)")
            } catch PortalAccountError.userIDTaken {
                continue
            }
        }
        throw CommandFailure("the folder of --data has had a thousand accounts for mishaps; name another one")
    }

    private func conclude(_ file: JourneyFile, _ report: JourneyReport?) throws {
        // What the portal refused on the way is no step.
        let steps = JourneyFile(made: file.made, journeys: file.journeys.filter { $0.kind != .refusals })
        let (done, failed, skipped) = (steps.count(.done), steps.count(.failed), steps.count(.skipped))
        let unreached = steps.count(.unreached)
        if !json {
            let left =
                unreached == 0
                ? BilingualText("", "") : BilingualText("、未実施 \(unreached)", ", \(unreached) not reached")
            Console.standard.result(
                "\n"
                    + BilingualText(
                        "済み \(done)、うまくいかない \(failed)、とばした \(skipped)",
                        "\(done) done, \(failed) failed, \(skipped) skipped")[speech] + left[speech])
            if let report { Console.standard.result(report.index) }
        }
        if failed > 0 {
            throw CommandFailure(
                BilingualText(
                    "\(failed)件がうまくいきませんでした", "\(failed) \(failed == 1 ? "step" : "steps") of the manual failed")[
                        speech])
        }
    }

    /// The language to speak.
    private var speech: ManualLanguage {
        language ?? ManualLanguage(environment: ProcessInfo.processInfo.environment)
    }
}

extension WalkScript.Method: ExpressibleByArgument {}

extension ManualLanguage: ExpressibleByArgument {
    /// The language of the person's environment (POSIX: LC_ALL, LC_MESSAGES, LANG).
    init(environment: [String: String]) {
        let name = ["LC_ALL", "LC_MESSAGES", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        self = name?.hasPrefix("ja") == true ? .japanese : .english
    }
}
