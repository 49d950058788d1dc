/// A mail address that is safe to write into a header: ASCII `local@domain` as HTML's `type=email` accepts it.
struct MailAddress: Hashable, Sendable {
    /// The address.
    let text: String

    /// Takes an address of at most 254 bytes; control characters, spaces, quotes, commas and a second `@` are refused, so that no
    /// input can add a header or a recipient.
    init?(_ input: String) {
        let folded = HalfWidth.folded(input)
        let parts = folded.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard folded.utf8.count <= 254, parts.count == 2, MailAddress.isLocalPart(parts[0]),
            MailAddress.isDomain(parts[1])
        else { return nil }
        text = folded
    }

    private static func isLocalPart(_ part: Substring.UTF8View) -> Bool {
        guard (1...64).contains(part.count), part.first != UInt8(ascii: "."), part.last != UInt8(ascii: ".") else {
            return false
        }
        let marks = Set("!#$%&'*+/=?^_`{|}~-.".utf8)
        return part.allSatisfy { isLetterOrDigit($0) || marks.contains($0) }
            && !zip(part, part.dropFirst()).contains { $0 == UInt8(ascii: ".") && $1 == UInt8(ascii: ".") }
    }

    private static func isDomain(_ part: Substring.UTF8View) -> Bool {
        let labels = part.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
