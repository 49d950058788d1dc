import QRCodes

/// Finds QR codes on a screen that is looked at again and again, at the cost of what changes.
///
/// Searching a whole screen takes tens of milliseconds, so a look searches what has changed since the last one. A code of
/// which only a part is new (it was drawn in two steps, or something that hid it is gone) is found when the screen comes to
/// rest, or after some more changes: then all of it is searched once.
struct QRCodeSearch: Sendable {
    private var previous: PackedScreen?
    private var shown: [SeenQRCode] = []
    /// How many looks found changes and nothing new since all of the screen was searched.
    private var fruitlessLooks = 0
    /// How many looks since then found no change, one after the other.
    private var quietLooks = 0
    private var unusual: [UInt8] = []

    /// How many looks may find changes and no code before the whole screen is searched.
    static let patience = 24
    /// How many looks make a rest: more than fit between two pictures of an animation.
    static let rest = 5
    /// How many pixels around a change are searched as well: a code needs its quiet zone.
    private static let margin = 32

    /// The texts of the codes that are on the screen now and were not at the last look.
    ///
    /// - Parameter dump: An X window dump; what is none shows nothing.
    mutating func look(at dump: [UInt8]) -> [String] {
        guard let screen = PackedScreen(dump) else { return lookAnew(at: dump) }
        defer { previous = screen }
        let known = Set(shown.map(\.text))
        return search(screen).filter { !known.contains($0) }
    }

    /// The texts in what has to be searched, known ones among them.
    private mutating func search(_ screen: PackedScreen) -> [String] {
        guard let previous else { return search(screen, in: screen.bounds) }
        let differences = screen.differences(from: previous)
        guard !differences.isEmpty else {
            // At rest: what could have been missed is looked for once.
            quietLooks += 1
            return fruitlessLooks > 0 && quietLooks >= Self.rest ? search(screen, in: screen.bounds) : []
        }
        quietLooks = 0
        guard fruitlessLooks < Self.patience else { return search(screen, in: screen.bounds) }
        return differences.flatMap { difference in
            let part = difference.widened(by: Self.margin, within: screen.bounds)
            // A code that is touched may have moved.
            return search(screen, in: shown.filter { $0.region.overlaps(part) }.reduce(part) { $0.union($1.region) })
        }
    }

    private mutating func search(_ screen: PackedScreen, in region: PixelRegion) -> [String] {
        let isWhole = region == screen.bounds
        let seen = QRImageReader.read(screen, in: region, isThorough: isWhole)
        shown = (isWhole ? [] : shown.filter { !$0.region.overlaps(region) }) + seen
        fruitlessLooks = seen.isEmpty && !isWhole ? fruitlessLooks + 1 : 0
        return seen.map(\.text)
    }

    /// A dump of an unusual kind: all of it, each time that it changes.
    private mutating func lookAnew(at dump: [UInt8]) -> [String] {
        previous = nil
        guard dump != unusual else { return [] }
        unusual = dump
        // A screen without a code, or one that is just being drawn.
        let texts = (try? QRImageReader.read(data: dump)) ?? []
        defer { shown = texts.map { SeenQRCode(text: $0, region: PixelRegion(columns: 0..<0, rows: 0..<0)) } }
        return texts.filter { text in !shown.contains { $0.text == text } }
    }
}
