import Foundation

/// A plain text message in the form of RFC 5322 and MIME: UTF-8, lines ended by CR LF.
struct MailMessage: Sendable {
    /// The name beside the sender's address.
    var senderName: String
    /// The sender's address.
    var sender: MailAddress
    /// The recipient's address.
    var recipient: MailAddress
    /// The subject, in any script.
    var subject: String
    /// The text; lines are ended by LF, CR or CR LF, and shorter than 900 bytes.
    var text: String
    /// When it was written.
    var date: Date
    /// Where: the date is that of its clocks.
    var zone = TimeZone.gmt
    /// Makes the Message-ID unique.
    var identifier: String

    /// The bytes of the message.
    var encoded: [UInt8] {
        let headers = [
            "Date: \(MailMessage.timestamp(date, in: zone))",
            "From: \(MailMessage.encodedWords(senderName, after: 6)) <\(sender.text)>",
            "To: \(recipient.text)",
            "Subject: \(MailMessage.encodedWords(subject, after: 9))",
            "Message-ID: <\(identifier)@\(sender.text.split(separator: "@").last ?? "localhost")>",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit",
            "Auto-Submitted: auto-generated",
        ]
        // To Swift, CR LF is one Character; a CR alone may stand nowhere in a message (RFC 5322 §2.3).
        let lines = text.split(omittingEmptySubsequences: false) { ["\n", "\r", "\r\n"].contains($0) }
        let body = lines.joined(separator: "\r\n")
        return Array((headers.joined(separator: "\r\n") + "\r\n\r\n" + body + "\r\n").utf8)
    }

    /// Text for a header: as it is when it is plain ASCII, else RFC 2047 encoded words.
    ///
    /// Each word has at most 75 characters, holds whole characters, and stands on a line of its own. Control characters become
    /// spaces.
    static func encodedWords(_ text: String, after headerNameLength: Int) -> String {
        let clean = String(text.map { $0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } ? " " : $0 })
        let isPlain = clean.utf8.allSatisfy { byte in
            (0x20...0x7E).contains(byte) && !"()<>@,;:\\\".[]=?".utf8.contains(byte)
        }
        if isPlain, clean.utf8.count + headerNameLength <= 76 { return clean }
        var words: [String] = []
        var word: [UInt8] = []
        for scalar in clean.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            // "=?utf-8?B?" and "?=" take 12 of 75 characters; 45 bytes make 60 more. The first line also holds the name.
            if word.count + bytes.count > (words.isEmpty ? 36 : 45) {
                words.append("=?utf-8?B?\(Data(word).base64EncodedString())?=")
                word = []
            }
            word += bytes
        }
        words.append("=?utf-8?B?\(Data(word).base64EncodedString())?=")
        return words.joined(separator: "\r\n ")
    }

    /// The date-time of RFC 5322 §3.3, with the zone's distance from UTC.
    static func timestamp(_ date: Date, in zone: TimeZone = .gmt) -> String {
        let offset = zone.secondsFromGMT(for: date) / 60
        let seconds = Int(date.timeIntervalSince1970.rounded(.down)) + offset * 60
        let days = Int((Double(seconds) / 86_400).rounded(.down))
        let rest = seconds - days * 86_400
        // Civil date from the day number, counting years from 1 March so that a leap day comes last.
        let shifted = days + 719_468
        let era = Int((Double(shifted) / 146_097).rounded(.down))
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let weekday = weekdays[((days % 7) + 7) % 7]
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
        return "\(weekday), \(day) \(months[month - 1]) \(year) "
            + "\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60)) "
            + "\(offset < 0 ? "-" : "+")\(two(abs(offset) / 60))\(two(abs(offset) % 60))"
    }
}
