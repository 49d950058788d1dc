import ArgumentParser

/// `aikagi manual`.
struct ManualCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual",
        abstract: "Walk through the login manual with a real browser, PC and phone, and keep a protocol.",
        discussion: """
            Starts a portal with a fresh account, says what to do step by step, in Japanese or English, and waits for you. \
            What happened is seen at the portal, whatever browser you use; at steps that only you can see, press Enter. \
            Each step leaves a picture of the screen. --report DIR gets steps.json, the pictures, and index.html, which \
            reads like the manual with pictures; it is written after each step, so nothing is lost.

            A phone that opens the portal itself needs HTTPS and a name: --origin, --certificate, --private-key. Mail stays             on the page /mail, unless --smtp names a server.

            While a step waits: Enter (done), s (skip), f WHY (it did not work), p FILE (add a picture, for example \
            the phone's), q (quit). What the portal refuses on the way is part of the protocol.

            Examples:
              aikagi manual --report protocol
              aikagi manual --language ja --report protocol --chapter 1 --chapter 2-1
              aikagi manual --method app --report protocol
              aikagi manual --origin https://a.example --certificate c --private-key k
              aikagi manual report protocol    makes the page anew from steps.json

            Exit status: 0 when no step failed; skipped ones do not count.
            """,
        subcommands: [ManualWalkCommand.self, ManualReportCommand.self], defaultSubcommand: ManualWalkCommand.self)
}
