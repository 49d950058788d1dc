import ArgumentParser
import Foundation
import Glibc
import ProgramRunner

/// `aikagi browser`.
struct BrowserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "browser",
        abstract: "Start an unmodified browser with a phone beside it.",
        discussion: """
            Finds Chromium, Chrome, Edge, Brave or Firefox and starts it with a fresh profile, on your display or else on a \
            virtual one. When it shows a QR code for a passkey, the phone scans it, asks its user (gate) and answers over \
            Bluetooth and tunnel. Firefox on Linux knows no phones: there the phone is behind a security key. For testing; \
            `aikagi with --help` says what is arranged.

            Without --key and --phone there is one phone that approves everything.

            Examples:
              aikagi browser https://webauthn.io
              aikagi browser --phone gate=ask https://webauthn.io     your terminal asks you
              aikagi browser --phone manual https://webauthn.io       then aikagi phone scan
              aikagi browser --browser firefox --key platform http://localhost:8080

            Exit status: the browser's, or 128 and the number of the signal that ended it; 1 when it could not be run.
            """)

    @Argument(help: "The page to open.")
    var url: String?

    @Option(
        help: ArgumentHelp(
            "The browser: chromium, chrome, edge, brave, firefox, or the path of its program.",
            discussion: "Default: the first of these that is installed.", valueName: "name"))
    var browser: String?

    @Option(
        help: ArgumentHelp("Keep the profile in this folder; else it is forgotten at the end.", valueName: "dir"))
    var profile: String?

    @OptionGroup var devices: DeviceOptions

    @Flag(help: "Print what the devices do as JSON Lines, in place of --events.")
    var json = false

    /// The desktop's settings that matter to a browser: where downloads go, which is the user's own choice if there is one,
    /// and otherwise the home folder, so that no folder is made there.
    private static func prepareSettings(_ folder: String) throws {
        try createPrivateDirectory(folder)
        let environment = ProcessInfo.processInfo.environment
        let own = environment["XDG_CONFIG_HOME"] ?? (environment["HOME"] ?? "/") + "/.config"
        let text = FileManager.default.contents(atPath: own + "/user-dirs.dirs")
        try (text ?? Data("XDG_DOWNLOAD_DIR=\"$HOME/\"\n".utf8)).write(to: URL(filePath: folder + "/user-dirs.dirs"))
    }

    func validate() throws { try OptionRules.check(checkOptions) }

    private func checkOptions() throws {
        // Without any device there will be a phone.
        if !devices.keys.isEmpty { try devices.check() }
        if json && devices.events != nil { throw ValidationError("--json and --events exclude each other") }
    }

    func run() async throws {
        try await endingWithStatus {
            let browser = try Browser(browser)
            var devices = devices
            if devices.keys.isEmpty && !devices.hasPhone {
                devices.phones = [PhoneArgument()]
            }
            if browser.family == .firefox, devices.hasPhone, !devices.keys.contains(where: { $0.kind == .phone }) {
                devices.keys.append(try KeyArgument(argument: "phone"))
            }
            let log = try EventLog(
                devices.events.map(EventLog.Destination.file) ?? (json ? .standardOutput : .people))
            let (url, profile) = (url, profile.map { URL(filePath: $0).path })
            return try await DeviceSession(devices, needsScreen: true, log: log).run { folder, plan in
                let profile = profile ?? folder + "/profile"
                try createPrivateDirectory(profile)
                plan.command = browser.command(profile: profile, url: url, isRoot: geteuid() == 0)
                try BrowserCommand.prepareSettings(folder + "/config")
                // What a browser keeps beside its profile (crash reports, font caches) goes with the session.
                plan.environment["XDG_CONFIG_HOME"] = folder + "/config"
                plan.environment["XDG_CACHE_HOME"] = folder + "/cache"
                // Chromium leaves its socket behind when it is ended by a signal. The path of a socket has 107 bytes.
                if folder.utf8.count < 60 {
                    try createPrivateDirectory(folder + "/tmp")
                    plan.environment["TMPDIR"] = folder + "/tmp"
                }
            }
        }
    }
}
