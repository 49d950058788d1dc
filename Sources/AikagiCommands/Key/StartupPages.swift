import Glibc

/// The code that a process has read since it began: most of it is the loader's, the option parser's and the like.
enum StartupPages {
    /// Gives the memory of it back.
    ///
    /// What is needed after all comes back from the file system's cache, page by page, at a cost of less than a millisecond in all.
    /// Only mappings of code are given back: they cannot be written to, so that nothing is lost.
    static func giveBack() {
        guard let file = fopen("/proc/self/maps", "re") else { return }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, file) > 0 {
            guard let text = line, let range = codeRange(String(cString: text)) else { continue }
            // It cannot fail but for ranges that do not exist; then nothing is given back.
            _ = madvise(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED)
        }
    }

    /// The addresses that a line of /proc/PID/maps is about, if they are code of a file.
    ///
    ///     7f2a4c000000-7f2a4c021000 r-xp 00026000 fe:01 1234   /usr/lib/libc.so.6
    static func codeRange(_ line: String) -> Range<UInt>? {
        let parts = line.split(whereSeparator: \.isWhitespace)
        guard parts.count >= 6, parts[1] == "r-xp", parts[5].first == "/" else { return nil }
        let bounds = parts[0].split(separator: "-").map { UInt($0, radix: 16) }
        guard bounds.count == 2, let lower = bounds[0], let upper = bounds[1], lower < upper else { return nil }
        return lower..<upper
    }
}
