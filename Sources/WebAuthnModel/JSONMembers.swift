/// Looks for members that an object of a JSON text has twice: which of them counts, decoders do not agree on.
///
/// Nothing else is judged, so that a decoder has to read the text besides.
public struct JSONMembers {
    private let bytes: [UInt8]
    private var index = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The name of the first member that comes again in its own object; `nil` when there is none.
    ///
    /// Names are compared as they are meant: `"\u0074ype"` is `"type"`. So are names that are canonically equivalent: a decoder that
    /// keeps members in a dictionary of `String`s has room for one of them.
    public static func repeated(in json: [UInt8]) -> String? {
        var members = JSONMembers(json)
        return members.firstRepeated()
    }

    private mutating func firstRepeated() -> String? {
        // The names of each object that is open, outermost first; `nil` for arrays.
        var open: [Set<String>?] = []
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "{"): open.append([])
            case UInt8(ascii: "["): open.append(nil)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = open.popLast()
            case UInt8(ascii: "\""):
                let text = string()
                guard isBeforeColon, let last = open.indices.last, open[last] != nil else { continue }
                guard open[last]?.insert(text).inserted == true else { return text }
            default: continue
            }
        }
        return nil
    }

    /// Whether a colon is what comes next, after white space.
    private var isBeforeColon: Bool {
        bytes[index...].first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: ":")
    }

    /// The rest of a string whose opening quotation mark was read, up to and with the closing one.
    private mutating func string() -> String {
        var units: [UInt16] = []
        var plain: [UInt8] = []
        func flush() { units += String(decoding: plain, as: UTF8.self).utf16 }
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            guard byte != UInt8(ascii: "\"") else { break }
            guard byte == UInt8(ascii: "\\"), index < bytes.count else {
                plain.append(byte)
                continue
            }
            flush()
            plain = []
            units.append(escaped())
        }
        flush()
        return String(decoding: units, as: UTF16.self)
    }

    /// The code unit of an escape sequence whose backslash was read.
    private mutating func escaped() -> UInt16 {
        let byte = bytes[index]
        index += 1
        switch byte {
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"):
            let digits = bytes[index...].prefix(4)
            index += digits.count
            return UInt16(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0xFFFD
        default: return UInt16(byte)
        }
    }
}
