import ProgramRunner

/// A browser of this machine, and how it is given a profile.
struct Browser: Hashable, Sendable {
    /// What kinds of browsers there are, as far as it matters here.
    enum Family: Hashable, Sendable {
        /// Chromium and what is made from it: security keys, and phones by QR code.
        case chromium
        /// Firefox: security keys only, on Linux.
        case firefox
    }

    /// Its program's path.
    let path: String
    /// Its kind.
    let family: Family

    /// The programs in the order in which they are taken.
    static let known: [(name: String, family: Family)] = [
        ("chromium", .chromium), ("chromium-browser", .chromium), ("google-chrome", .chromium),
        ("google-chrome-stable", .chromium), ("microsoft-edge", .chromium), ("microsoft-edge-stable", .chromium),
        ("brave-browser", .chromium), ("brave", .chromium), ("firefox-esr", .firefox), ("firefox", .firefox),
    ]

    /// The browser that is asked for, else the first that is installed.
    ///
    /// - Parameter name: A name (`firefox` also finds `firefox-esr`) or a path.
    /// - Throws: ``CommandFailure``.
    init(_ name: String?) throws(CommandFailure) {
        guard let name else {
            let found = Browser.known.lazy.compactMap { entry in
                HostCheck.find(entry.name).map { Browser(path: $0, family: entry.family) }
            }.first
            guard let found else {
                throw CommandFailure("there is no browser; run `sudo apt-get install chromium`, or give --browser PATH")
            }
            self = found
            return
        }
        let aliases = ["chrome": "google-chrome", "edge": "microsoft-edge"]
        let names =
            [name, name + "-esr", name + "-stable", name + "-browser"]
            + (aliases[name].map { [$0, $0 + "-stable"] } ?? [])
        guard let path = name.contains("/") ? name : names.lazy.compactMap(HostCheck.find).first else {
            throw CommandFailure(
                "there is no browser '\(name)'; give one that is installed, or the path of its program")
        }
        let program = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
        self.init(path: path, family: program.contains("firefox") ? .firefox : .chromium)
    }

    private init(path: String, family: Family) {
        self.path = path
        self.family = family
    }

    /// The command line that starts it; no flag but the profile's, and one that Chromium demands of root.
    func command(profile: String, url: String?, isRoot: Bool) -> [String] {
        switch family {
        case .chromium:
            [path, "--user-data-dir=\(profile)"] + (isRoot ? ["--no-sandbox"] : []) + (url.map { [$0] } ?? [])
        case .firefox: [path, "--no-remote", "--profile", profile] + (url.map { [$0] } ?? [])
        }
    }
}
