import Glibc

/// A screen's pixels in an X window dump of the usual kind: four bytes each, blue, green and red first, row after row.
public struct PackedScreen: Sendable {
    /// The dump.
    public let dump: [UInt8]
    /// The whole screen.
    public let bounds: PixelRegion
    /// Where the pixels begin.
    private let offset: Int

    /// Takes a dump for what it is.
    ///
    /// - Returns: `nil` for a dump of another kind, a damaged one and anything else.
    public init?(_ dump: [UInt8]) {
        guard let packed = XWDImage.packedPixels(dump) else { return nil }
        self.dump = dump
        bounds = PixelRegion(columns: 0..<packed.width, rows: 0..<packed.height)
        offset = packed.offset
    }

    /// Columns are compared in groups of this many pixels.
    private static let step = 64
    /// So many rows that are alike part two rectangles.
    private static let gap = 24

    /// Where this screen differs from another: rectangles one below the other, of columns in groups of 64.
    ///
    /// - Returns: Nothing if they are alike, the whole screen if the other is of another size.
    public func differences(from other: PackedScreen) -> [PixelRegion] {
        guard bounds == other.bounds, offset == other.offset else { return [bounds] }
        let (width, height) = (bounds.columns.count, bounds.rows.count)
        return dump.withUnsafeBytes { one in
            other.dump.withUnsafeBytes { other in
                guard let left = one.baseAddress, let right = other.baseAddress,
                    memcmp(left, right, min(one.count, other.count)) != 0
                else { return [] }
                // Plain loops and the C library's comparison: fast where this module is not optimised, too.
                var (regions, rows, row) = ([PixelRegion](), [Int](), 0)
                func finishBand() {
                    guard let first = rows.first, let last = rows.last else { return }
                    var (columns, start) = (width..<width, 0)
                    while start < width {
                        let count = min(Self.step, width &- start)
                        for row in rows {
                            let place = offset &+ (row &* width &+ start) &* 4
                            guard memcmp(left + place, right + place, count &* 4) != 0 else { continue }
                            columns = min(columns.lowerBound, start)..<start + count
                            break
                        }
                        start &+= count
                    }
                    regions.append(PixelRegion(columns: columns, rows: first..<last + 1))
                    rows = []
                }
                while row < height {
                    let place = offset &+ row &* width &* 4
                    if memcmp(left + place, right + place, width &* 4) != 0 {
                        if let last = rows.last, row - last > Self.gap { finishBand() }
                        rows.append(row)
                    }
                    row &+= 1
                }
                finishBand()
                return regions
            }
        }
    }

    /// The pixels of a part of it, row after row.
    func pixels(of region: PixelRegion) -> [UInt8] {
        let rowSize = region.columns.count * 4
        return [UInt8](unsafeUninitializedCapacity: region.rows.count * rowSize) { target, count in
            dump.withUnsafeBytes { source in
                for (number, row) in region.rows.enumerated() {
                    let start = offset + (row * bounds.columns.count + region.columns.lowerBound) * 4
                    if let target = target.baseAddress, let source = source.baseAddress {
                        memcpy(target + number * rowSize, source + start, rowSize)
                    }
                }
            }
            count = region.rows.count * rowSize
        }
    }
}
