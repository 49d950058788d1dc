import ArgumentParser
import Foundation
import Glibc

/// The folder in which running commands find each other: the loop-back radio, and the tunnel service that is running.
struct RunDirectory: Sendable {
    /// What `aikagi tunnel` leaves there while it runs.
    struct RunningTunnel: Codable, Hashable {
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
        /// Its process.
        var process: Int32
        /// The folder of its own loop-back radio, if it has one.
        var radio: String?
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

    /// The file for the certificate authority of a tunnel service on some port.
    func tunnelCA(port: Int) -> String { path + "/tunnel-ca-\(port).pem" }

    /// Makes the folder, for this user alone.
    func create() throws(CommandFailure) {
        try createPrivateDirectory(path)
    }

    /// Writes the certificate of a tunnel service's authority, and, unless another service is announced, where the service
    /// is.
    ///
    /// - Returns: whether other commands will find this service by themselves.
    func announce(_ tunnel: RunningTunnel, caCertificate: String) throws(CommandFailure) -> Bool {
        do {
            try Data(caCertificate.utf8).write(to: URL(filePath: tunnel.ca), options: .atomic)
            guard try runningTunnel() == nil else { return false }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try encoder.encode(tunnel).write(to: URL(filePath: tunnelFile), options: .atomic)
            return true
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("cannot write to \(path): \(error.reason); choose another folder with --run-directory")
        }
    }

    /// Removes what ``announce(_:caCertificate:)`` wrote for a service, and nothing of another one.
    func withdraw(_ tunnel: RunningTunnel) {
        // What cannot be read or is gone already is not ours to remove.
        if let announced = try? runningTunnel(), announced == tunnel { unlink(tunnelFile) }
        unlink(tunnel.ca)
    }

    /// The tunnel service that is announced and whose process lives, if there is one.
    func runningTunnel() throws(CommandFailure) -> RunningTunnel? {
        guard access(tunnelFile, F_OK) == 0 else { return nil }
        do {
            let tunnel = try JSONDecoder().decode(RunningTunnel.self, from: Data(contentsOf: URL(filePath: tunnelFile)))
            return kill(tunnel.process, 0) == 0 || errno == EPERM ? tunnel : nil
        } catch {
            throw CommandFailure("cannot use \(tunnelFile): \(error.reason); remove it, or start `aikagi tunnel` again")
        }
    }
}
