import ArgumentParser
import Foundation
import Glibc

/// The folder in which running commands find each other: the loop-back radio, and the tunnel service that is running.
struct RunDirectory: Sendable {
    /// What `aikagi tunnel` leaves there while it runs.
    struct RunningTunnel: Codable {
        /// The address it listens on.
        var address: String
        /// The port it listens on.
        var port: Int
        /// The domain that its certificate is for.
        var domain: String
        /// The number of that domain in advertisements.
        var domainID: UInt16
        /// The file with the certificate of its authority (PEM).
        var ca: String
    }

    /// The folder's path.
    let path: String

    /// The folder that was asked for, else `$XDG_RUNTIME_DIR/aikagi`, else `/tmp/aikagi-UID`.
    init(_ path: String?, environment: [String: String] = ProcessInfo.processInfo.environment) {
        if let path {
            self.path = path
        } else if let runtime = environment["XDG_RUNTIME_DIR"], runtime.hasPrefix("/") {
            self.path = runtime + "/aikagi"
        } else {
            self.path = "/tmp/aikagi-\(getuid())"
        }
    }

    /// The folder of the loop-back radio.
    var radio: String { path + "/radio" }

    private var tunnelFile: String { path + "/tunnel.json" }

    /// The file for the tunnel's certificate authority.
    var tunnelCA: String { path + "/tunnel-ca.pem" }

    /// Makes the folder, for this user alone.
    func create() throws(CommandFailure) {
        try createPrivateDirectory(path)
    }

    /// Writes down that a tunnel service is running.
    func announce(_ tunnel: RunningTunnel, caCertificate: String) throws(CommandFailure) {
        do {
            try Data(caCertificate.utf8).write(to: URL(filePath: tunnelCA), options: .atomic)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try encoder.encode(tunnel).write(to: URL(filePath: tunnelFile), options: .atomic)
        } catch {
            throw CommandFailure("cannot write to \(path): \(error); choose another folder with --run-directory")
        }
    }

    /// Removes what ``announce(_:caCertificate:)`` wrote.
    func withdraw() {
        for file in [tunnelFile, tunnelCA] {
            unlink(file)  // a file that is already gone is what is wanted
        }
    }

    /// The tunnel service that is running, if one is.
    func runningTunnel() throws(CommandFailure) -> RunningTunnel? {
        guard access(tunnelFile, F_OK) == 0 else { return nil }
        do {
            return try JSONDecoder().decode(RunningTunnel.self, from: Data(contentsOf: URL(filePath: tunnelFile)))
        } catch {
            throw CommandFailure("cannot read \(tunnelFile): \(error); remove the file, or start `aikagi tunnel` again")
        }
    }
}

/// Makes a folder with its parents, readable by this user alone, and refuses one that belongs to somebody else.
func createPrivateDirectory(_ path: String) throws(CommandFailure) {
    do {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
        throw CommandFailure("cannot create the folder \(path): \(error)")
    }
    let owner: UInt?
    do {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        owner = (attributes[.ownerAccountID] as? NSNumber)?.uintValue ?? attributes[.ownerAccountID] as? UInt
        guard attributes[.type] as? FileAttributeType == .typeDirectory else {
            throw CommandFailure("\(path) is not a folder; choose another one")
        }
    } catch let failure as CommandFailure {
        throw failure
    } catch {
        throw CommandFailure("cannot examine the folder \(path): \(error)")
    }
    guard owner == UInt(getuid()) else {
        throw CommandFailure("the folder \(path) belongs to another user; choose another one")
    }
}

/// A folder for one run, removed with all it holds when `body` ends.
func withScratchDirectory<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    var template = Array((FileManager.default.temporaryDirectory.path + "/aikagi-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else {
        throw CommandFailure("cannot create a folder for temporary files: \(String(cString: strerror(errno)))")
    }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
        try? FileManager.default.removeItem(atPath: path)  // cleanup: nothing to be done about a failure
    }
    return try await body(path)
}

/// Where this user's stores are kept: `$XDG_DATA_HOME/aikagi`, else `~/.local/share/aikagi`.
func userDataDirectory(environment: [String: String] = ProcessInfo.processInfo.environment) -> String {
    if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") { return data + "/aikagi" }
    return (environment["HOME"] ?? "/tmp") + "/.local/share/aikagi"
}
