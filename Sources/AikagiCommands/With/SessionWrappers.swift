import Foundation
import Glibc
import ProgramRunner

/// What a driver is given to start browsers with: small programs in the session's folder that join the session.
struct SessionWrappers: Sendable {
    private let folder: String
    private let plan: ProgramPlan

    init(folder: String, plan: ProgramPlan) {
        self.folder = folder
        self.plan = plan
    }

    private struct Ready: Encodable {
        var event = "ready"
        var session: String
        var process = getpid()
        /// Starts the program that is its arguments.
        var wrapper: String
        /// For each browser that is installed, a program that is that browser.
        var browsers: [String: String]
        /// What is different for programs that are started without a wrapper; they see no keys.
        var environment: [String: String]
    }

    /// Writes the programs, and prints what there is.
    func announce(asJSON: Bool) throws {
        let wrapper = try write("run", command: "")
        var browsers: [String: String] = [:]
        for (name, _) in Browser.known {
            guard let path = HostCheck.find(name) else { continue }
            browsers[name] = try write(name, command: " " + SessionWrappers.quoted(path))
        }
        if asJSON {
            return Console.standard.json(
                Ready(
                    session: folder, wrapper: wrapper, browsers: browsers,
                    environment: plan.environment.compactMapValues(\.self)))
        }
        Console.standard.result("session: \(folder)")
        Console.standard.result("run a program in it: \(wrapper) PROGRAM [ARGUMENT…]")
        for (name, path) in browsers.sorted(by: { $0.key < $1.key }) {
            Console.standard.result("\(name), for a driver: \(path)")
        }
    }

    private func write(_ name: String, command: String) throws -> String {
        let bin = folder + "/bin"
        try createPrivateDirectory(bin)
        let path = "\(bin)/\(name)"
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let script = """
            #!/bin/sh
            exec \(SessionWrappers.quoted(own)) with --join \(SessionWrappers.quoted(folder)) --\(command) "$@"

            """
        try Data(script.utf8).write(to: URL(filePath: path))
        chmod(path, 0o700)
        return path
    }

    /// A word for a POSIX shell.
    ///
    /// It goes by scalars, as the shell goes by bytes: to Swift, an apostrophe and a mark behind it are one `Character`, which is no
    /// apostrophe.
    private static func quoted(_ text: String) -> String {
        "'" + text.unicodeScalars.map { $0 == "'" ? "'\\''" : String($0) }.joined() + "'"
    }
}
