import FoundationEssentials

/// A walk through the manual as `steps.json` holds it: what was done, what the screen showed, and where the pictures are.
///
///     {"format": 1, "made": "2026-11-30T19:20:00Z", "language": "ja", "journeys": [
///         {"name": {"ja": …, "en": …}, "surroundings": "Chromium 156", "kind": "manual", "entries": [
///             {"step": "1.2", "outcome": "done", "seen": {"ja": …, "en": …}, "milliseconds": 812,
///              "pictures": {"ja": "pictures/ja-1.2.png", "en": "pictures/en-1.2.png"}}]}]}
///
/// Paths of pictures are relative to the file's folder and do not leave it.
struct Journey: Codable, Sendable {
    /// What is told about.
    enum Kind: String, Codable, Sendable {
        /// The manual's steps, by their chapters.
        case manual
        /// What goes wrong.
        case mishaps
        /// What was refused on the way, which is no step.
        case refusals
    }

    /// What came of an entry.
    enum Outcome: String, Codable, Sendable {
        /// As it should be.
        case done
        /// Otherwise.
        case failed
        /// Left out by the person.
        case skipped
        /// Not tried, because the walk ended before it.
        case unreached = "notReached"
    }

    /// Who has seen what came of an entry.
    enum Witness: String, Codable, Sendable {
        /// The portal.
        case portal
        /// The person, whose word it is.
        case person
    }

    /// Pictures of the same moment in the two languages.
    struct Pictures: Codable, Hashable, Sendable {
        /// With the Japanese page.
        var ja: String?
        /// With the English page.
        var en: String?
    }

    /// A step, or something that goes wrong.
    struct Entry: Codable, Sendable {
        /// The manual's id of the step.
        var step: String?
        /// What is done; absent where the manual's own title says it.
        var title: BilingualText?
        /// What came of it.
        var outcome: Outcome
        /// The sentence that the screen showed, or what happened.
        var seen: BilingualText?
        /// Why it failed.
        var failure: String?
        /// Who has seen it.
        var witness: Witness?
        /// How long it took.
        var milliseconds: Double?
        /// Pictures.
        var pictures: Pictures?
    }

    /// What the journey is called.
    var name: BilingualText
    /// The browser and whatever else matters.
    var surroundings: String?
    /// What the reader should know of it first.
    var note: BilingualText?
    /// What is told about.
    var kind: Kind
    /// In order.
    var entries: [Entry]
}

/// All of `steps.json`.
struct JourneyFile: Codable, Sendable {
    /// The version of the format, 1.
    var format = 1
    /// When it was made, as ISO 8601 in UTC.
    var made: String
    /// The language of whoever walked, which the page opens in; `nil`: that of its reader's browser.
    var language: ManualLanguage?
    /// The walks, in order.
    var journeys: [Journey]

    /// The longest file that is read, in bytes.
    static let maximumByteCount = 8 << 20

    /// All entries.
    var entries: [Journey.Entry] { journeys.flatMap(\.entries) }

    /// How many entries have this outcome.
    func count(_ outcome: Journey.Outcome) -> Int { entries.count { $0.outcome == outcome } }

    /// Reads the JSON, and refuses what cannot be shown.
    ///
    /// - Throws: ``CommandFailure`` with a sentence that names the place.
    init(decoding data: [UInt8]) throws(CommandFailure) {
        do {
            self = try JSONDecoder().decode(JourneyFile.self, from: Data(data))
        } catch let error as DecodingError {
            throw CommandFailure("cannot use the steps: \(error.sentence)")
        } catch {
            throw CommandFailure("cannot use the steps: \(error)")
        }
        guard format == 1 else { throw CommandFailure("the steps have format \(format), and this version reads 1") }
        for entry in entries {
            let isKnown = entry.step.map { id in ManualStep.everyStep.contains { $0.id == id } } ?? false
            guard isKnown || !(entry.title ?? BilingualText(nil, nil)).isEmpty else {
                throw CommandFailure(
                    "the step '\(entry.step ?? "")' is none of the manual's; give it a title, or correct its id")
            }
            for path in [entry.pictures?.ja, entry.pictures?.en].compactMap(\.self) {
                guard JourneyFile.staysInFolder(path) else {
                    throw CommandFailure("the picture '\(path)' is outside of the report's folder")
                }
            }
        }
    }

    /// Whether a path leads to a file below a folder, to the system and as a link in a page of that folder.
    ///
    /// It goes by bytes, as both do: to Swift, a slash or a colon and a mark behind it are one `Character`, which is neither. Browsers
    /// moreover leave out line ends and tabs, cut spaces off, and read `%2e` as a dot.
    private static func staysInFolder(_ path: String) -> Bool {
        let bytes = path.utf8
        let isPlain = bytes.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: ":") }
        let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return isPlain && bytes.first != UInt8(ascii: " ")
            && !parts.contains { part in
                let name = String(decoding: part, as: UTF8.self).lowercased()
                return part.isEmpty || ["..", ".%2e", "%2e.", "%2e%2e"].contains(name)
            }
    }

    /// What was walked.
    init(made: String, language: ManualLanguage? = nil, journeys: [Journey]) {
        self.made = made
        self.language = language
        self.journeys = journeys
    }

    /// The JSON, for people too.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }
}
