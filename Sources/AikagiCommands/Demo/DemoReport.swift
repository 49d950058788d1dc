import FoundationEssentials

/// The folder that `--report` fills: a page for people, and JSON for other verifiers.
struct DemoReport: Sendable {
    /// The folder's path.
    let folder: String

    /// The page's path.
    var index: String { folder + "/index.html" }

    /// Makes the folder, so that a mistake shows before the run and not after it.
    init(folder: String) throws(CommandFailure) {
        self.folder = folder
        do {
            try FileManager.default.createDirectory(
                atPath: folder + "/ceremonies", withIntermediateDirectories: true)
        } catch {
            throw CommandFailure("cannot create the report folder \(folder): \(error.reason)")
        }
    }

    /// Writes everything.
    func write(runner: StepRunner, evidence: DemoEvidence) throws(CommandFailure) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            for ceremony in evidence.ceremonies {
                try write(try encoder.encode(ceremony), to: "ceremonies/\(ceremony.step)-\(ceremony.kind).json")
            }
            for picture in evidence.pictures { try write(Data(picture.png), to: "qr-\(picture.step).png") }
            try write(try encoder.encode(runner.outcomes), to: "timeline.json")
            let page = DemoReportPage(
                outcomes: runner.outcomes, timeline: runner.timeline, pictures: evidence.pictures.map(\.step),
                ceremonies: evidence.ceremonies.map { "\($0.step)-\($0.kind).json" })
            try write(Data(page.html.utf8), to: "index.html")
        } catch {
            throw CommandFailure("cannot write the report to \(folder): \(error.reason)")
        }
    }

    private func write(_ data: Data, to name: String) throws {
        try data.write(to: URL(filePath: folder + "/" + name), options: .atomic)
    }
}
