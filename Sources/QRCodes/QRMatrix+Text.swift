extension QRMatrix {
    /// How ``terminalText(style:quietZone:)`` makes modules dark and light.
    public enum TerminalStyle: Hashable, Sendable, CaseIterable {
        /// ANSI colours, black on white, whatever the terminal's colours are.
        case colors
        /// No escape sequences, for a terminal with light letters on a dark ground: blocks are light modules.
        case darkTerminal
        /// No escape sequences, for a terminal with dark letters on a light ground: blocks are dark modules.
        case lightTerminal
    }

    /// The QR code as lines of half blocks, two modules above each other per character.
    ///
    /// - Parameters:
    ///   - style: How modules get their colours.
    ///   - quietZone: The light margin, in modules; cameras want four, and two suffice for most.
    /// - Returns: Lines that each end with a line feed, each of `width + 2 * quietZone` characters, escape sequences
    ///   apart.
    public func terminalText(style: TerminalStyle = .colors, quietZone: Int = 4) -> String {
        let margin = clampedMargin(quietZone)
        let inked = style == .darkTerminal ? false : true
        var text = ""
        for row in stride(from: -margin, to: width + margin, by: 2) {
            if style == .colors { text += "\u{1B}[30;107m" }
            for column in -margin..<width + margin {
                let upper = isDark(column: column, row: row) == inked
                // Below the last row is no module: not even light ink.
                let lower = row + 1 < width + margin && isDark(column: column, row: row + 1) == inked
                text += upper ? (lower ? "█" : "▀") : (lower ? "▄" : " ")
            }
            if style == .colors { text += "\u{1B}[0m" }
            text += "\n"
        }
        return text
    }

    /// The QR code as an SVG image of one path on a white ground.
    ///
    /// - Parameters:
    ///   - moduleSize: The edge of a module, in pixels, at the image's natural size.
    ///   - quietZone: The light margin, in modules.
    public func svg(moduleSize: Int = 8, quietZone: Int = 4) -> String {
        let margin = clampedMargin(quietZone)
        let size = width + 2 * margin
        let pixels = size * QRMatrix.clampedModuleSize(moduleSize)
        var path = ""
        for row in 0..<width {
            var column = 0
            while column < width {
                let start = column
                while isDark(column: column, row: row) { column += 1 }
                if column > start {
                    path += "M\(start + margin) \(row + margin)h\(column - start)v1H\(start + margin)z"
                } else {
                    column += 1
                }
            }
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(pixels)" height="\(pixels)" viewBox="0 0 \(size) \(size)" \
            shape-rendering="crispEdges">\
            <rect width="\(size)" height="\(size)" fill="#fff"/><path fill="#000" d="\(path)"/></svg>
            """
    }

    /// A margin of at least none and at most the code's own width.
    func clampedMargin(_ quietZone: Int) -> Int { min(max(quietZone, 0), width) }

    /// A module of at least one pixel and at most 64.
    static func clampedModuleSize(_ moduleSize: Int) -> Int { min(max(moduleSize, 1), 64) }
}
