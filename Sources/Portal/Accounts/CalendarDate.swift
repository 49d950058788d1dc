import FoundationEssentials

/// A day of the Gregorian calendar, without a time or a time zone, such as a date of birth.
public struct CalendarDate: Hashable, Sendable {
    /// The year, 1 to 9999.
    public let year: Int
    /// The month, 1 to 12.
    public let month: Int
    /// The day of the month, from 1.
    public let day: Int

    /// A day that exists, else `nil`.
    public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month) else { return nil }
        let isLeapYear = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        let lengths = [31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...lengths[month - 1]).contains(day) else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// Reads `1990-01-31`, `1990/01/31` or `19900131`, as browsers and people write it; full-width digits are taken too.
    public init?(_ text: some StringProtocol) {
        let narrow = HalfWidth.folded(text)
        var digits: [Int] = []
        for (index, character) in narrow.utf8.enumerated() {
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(Int(character - UInt8(ascii: "0")))
            case UInt8(ascii: "-"), UInt8(ascii: "/"):
                guard narrow.utf8.count == 10, index == 4 || index == 7 else { return nil }
            default: return nil
            }
        }
        guard digits.count == 8, narrow.utf8.count == 8 || narrow.utf8.count == 10 else { return nil }
        let number = digits.reduce(0) { $0 * 10 + $1 }
        self.init(year: number / 10_000, month: number / 100 % 100, day: number % 100)
    }

    /// Whether the day has begun nowhere on earth at a moment; the first to begin it are 14 hours ahead of UTC.
    func isFuture(at moment: Date) -> Bool {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 14 * 3600) ?? .gmt
        let today = calendar.dateComponents([.year, .month, .day], from: moment)
        return (year, month, day) > (today.year ?? 0, today.month ?? 0, today.day ?? 0)
    }

    /// `YYYYMMDD`.
    public var compact: String { description.filter { $0 != "-" } }
}

extension CalendarDate: CustomStringConvertible {
    /// `YYYY-MM-DD`.
    public var description: String {
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }
}
