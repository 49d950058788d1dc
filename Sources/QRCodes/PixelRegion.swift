/// A rectangle of an image, in pixels from the upper left corner.
public struct PixelRegion: Hashable, Sendable {
    /// Its columns.
    public var columns: Range<Int>
    /// Its rows.
    public var rows: Range<Int>

    /// A rectangle of these columns and rows.
    public init(columns: Range<Int>, rows: Range<Int>) {
        self.columns = columns
        self.rows = rows
    }

    /// Whether it has no pixel.
    public var isEmpty: Bool { columns.isEmpty || rows.isEmpty }

    /// Whether two rectangles share a pixel.
    public func overlaps(_ other: PixelRegion) -> Bool {
        columns.overlaps(other.columns) && rows.overlaps(other.rows)
    }

    /// The smallest rectangle with both in it.
    public func union(_ other: PixelRegion) -> PixelRegion {
        PixelRegion(
            columns: min(
                columns.lowerBound, other.columns.lowerBound)..<max(
                    columns.upperBound, other.columns.upperBound),
            rows: min(rows.lowerBound, other.rows.lowerBound)..<max(rows.upperBound, other.rows.upperBound))
    }

    /// The rectangle with a margin on each side, as far as there is room in another.
    public func widened(by margin: Int, within outer: PixelRegion) -> PixelRegion {
        PixelRegion(
            columns: (columns.lowerBound - margin..<columns.upperBound + margin).clamped(to: outer.columns),
            rows: (rows.lowerBound - margin..<rows.upperBound + margin).clamped(to: outer.rows))
    }
}
