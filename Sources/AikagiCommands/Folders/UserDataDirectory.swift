import Foundation

/// Where this user's stores are kept: `$XDG_DATA_HOME/aikagi`, else `~/.local/share/aikagi`.
func userDataDirectory(environment: [String: String] = ProcessInfo.processInfo.environment) -> String {
    if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") { return data + "/aikagi" }
    return (environment["HOME"] ?? "/tmp") + "/.local/share/aikagi"
}
