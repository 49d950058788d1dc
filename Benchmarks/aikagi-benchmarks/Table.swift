import Foundation

/// What was measured, beside its floor and its limit.
struct Table {
    private struct Row {
        let name: String
        let value: String
        let ratio: String
        let floor: String
        let limit: String
        let isWithin: Bool
    }

    private var rows: [Row] = []

    /// Whether everything is within its limit.
    var isGood: Bool { rows.allSatisfy(\.isWithin) }

    /// Adds times in nanoseconds, whose ratio has a limit.
    mutating func add(_ name: String, _ time: Double, floor: Double, _ floorName: String, limit: Double) {
        let ratio = time / floor
        rows.append(
            Row(
                name: name, value: Table.microseconds(time), ratio: String(format: "%.2f ×", ratio),
                floor: "\(floorName) (\(Table.microseconds(floor)))", limit: String(format: "%.1f ×", limit),
                isWithin: ratio <= limit))
    }

    /// Adds an amount that has a limit of its own, beside the same of something smaller.
    mutating func add(
        _ name: String, _ amount: Double, _ unit: String, floor: Double, _ floorName: String, limit: Double
    ) {
        rows.append(
            Row(
                name: name, value: String(format: "%.1f \(unit)", amount), ratio: "",
                floor: "\(floorName) (\(String(format: "%.1f \(unit)", floor)))",
                limit: String(format: "%.0f \(unit)", limit), isWithin: amount <= limit))
    }

    func print() {
        for row in rows {
            let columns = [
                Table.pad(row.name, 38), Table.pad(row.value, 11, atEnd: false), Table.pad(row.ratio, 9, atEnd: false),
                "of " + Table.pad(row.floor, 40), "at most " + row.limit, row.isWithin ? "" : "  missed",
            ]
            Swift.print(columns.joined(separator: "  "))
        }
    }

    private static func microseconds(_ time: Double) -> String { String(format: "%.1f µs", time / 1000) }

    private static func pad(_ text: String, _ width: Int, atEnd: Bool = true) -> String {
        let blanks = String(repeating: " ", count: max(width - text.count, 0))
        return atEnd ? text + blanks : blanks + text
    }
}

/// Numbers, one after the other.
final class Counter {
    private var value = 0

    func next() -> Int {
        value += 1
        return value
    }
}
