import FoundationEssentials

/// The folder of a journey: `steps.json`, `pictures/`, and the page `index.html` that is made of them.
struct JourneyReport: Sendable {
    /// The folder's path.
    let folder: String

    /// The page's path.
    var index: String { folder + "/index.html" }
    /// The steps' path.
    var steps: String { folder + "/steps.json" }

    /// Reads the steps that are in the folder.
    func read() async throws -> JourneyFile {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
            throw CommandFailure("there is no folder '\(folder)'; \(JourneyReport.remedy)")
        }
        guard isFolder else {
            throw CommandFailure("'\(folder)' is a file; \(JourneyReport.remedy)")
        }
        guard FileManager.default.fileExists(atPath: steps) else {
            throw CommandFailure("there is no steps.json in '\(folder)'; \(JourneyReport.remedy)")
        }
        return try JourneyFile(decoding: try await InputFile.read(steps, limit: JourneyFile.maximumByteCount))
    }

    private static let remedy =
        "name the folder that `aikagi manual --report DIR` has written, or one with such a steps.json"

    /// Makes the folder, so that a mistake shows before the walk and not after it.
    func prepare() throws(CommandFailure) {
        do {
            try FileManager.default.createDirectory(
                atPath: folder + "/pictures", withIntermediateDirectories: true)
        } catch {
            throw CommandFailure("cannot create the report folder \(folder): \(error.reason)")
        }
    }

    /// Keeps a picture.
    ///
    /// - Returns: its path in the folder.
    func keep(picture: [UInt8], name: String) throws(CommandFailure) -> String {
        let path = "pictures/\(name)"
        try write(picture, to: path)
        return path
    }

    /// Writes the steps and the page.
    func write(_ file: JourneyFile) throws(CommandFailure) {
        do {
            try write(try file.encoded(), to: "steps.json")
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("cannot write the steps to \(folder): \(error.reason)")
        }
        try writePage(of: file)
    }

    /// Makes the page of steps that are there.
    ///
    /// - Throws: ``CommandFailure`` when a picture is missing or is no picture.
    func writePage(of file: JourneyFile) throws(CommandFailure) {
        var sizes: [String: PictureSize] = [:]
        for path in file.entries.flatMap({ [$0.pictures?.ja, $0.pictures?.en] }).compactMap(\.self) {
            guard let data = FileManager.default.contents(atPath: folder + "/" + path) else {
                throw CommandFailure("the picture \(folder)/\(path) is missing")
            }
            guard let size = PictureSize(of: Array(data)) else {
                throw CommandFailure("\(folder)/\(path) is no picture; give a PNG or a JPEG")
            }
            sizes[path] = size
        }
        try write(Array(JourneyReportPage(file: file, sizes: sizes).html.utf8), to: "index.html")
    }

    private func write(_ bytes: [UInt8], to name: String) throws(CommandFailure) {
        do {
            try Data(bytes).write(to: URL(filePath: folder + "/" + name), options: .atomic)
        } catch {
            throw CommandFailure("cannot write \(folder)/\(name): \(error.reason)")
        }
    }
}

/// How large a picture is, in pixels, and of which kind.
struct PictureSize: Hashable, Sendable {
    /// From left to right.
    let width: Int
    /// From top to bottom.
    let height: Int
    /// `png` or `jpg`.
    let fileExtension: String

    /// Reads the head of a PNG (IHDR) or a JPEG (the first start of frame); `nil` for anything else.
    init?(of data: [UInt8]) {
        if data.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            guard data.count >= 24, data[12..<16].elementsEqual("IHDR".utf8) else { return nil }
            self.init(width: Self.number(data[16..<20]), height: Self.number(data[20..<24]), fileExtension: "png")
            return
        }
        guard data.starts(with: [0xFF, 0xD8, 0xFF]) else { return nil }
        var offset = 2
        while offset + 9 <= data.count, data[offset] == 0xFF {
            let marker = data[offset + 1]
            let isStartOfFrame = (0xC0...0xCF).contains(marker) && ![0xC4, 0xC8, 0xCC].contains(marker)
            if isStartOfFrame {
                self.init(
                    width: Self.number(data[(offset + 7)..<(offset + 9)]),
                    height: Self.number(data[(offset + 5)..<(offset + 7)]), fileExtension: "jpg")
                return
            }
            offset += marker == 0xFF ? 1 : 2 + Self.number(data[(offset + 2)..<(offset + 4)])
        }
        return nil
    }

    private init?(width: Int, height: Int, fileExtension: String) {
        guard (1...32_767).contains(width), (1...32_767).contains(height) else { return nil }
        (self.width, self.height, self.fileExtension) = (width, height, fileExtension)
    }

    /// A big-endian number of at most four bytes.
    private static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
}
