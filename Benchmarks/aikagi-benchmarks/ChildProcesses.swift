import CDoorClient
import Foundation

/// A program that says on standard output where it can be reached, a line each.
final class Child {
    private let process = Process()
    private let output = Pipe()
    private var unread = ""

    init(_ path: String, _ arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardOutput = output
        try process.run()
    }

    /// The next line.
    func line() throws -> String {
        while true {
            if let end = unread.firstIndex(of: "\n") {
                defer { unread.removeSubrange(...end) }
                return String(unread[..<end])
            }
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else {
                throw DoorClient.Failure(description: "\(process.executableURL?.path ?? "a program") has ended")
            }
            unread += String(decoding: data, as: UTF8.self)
        }
    }

    /// Its resident memory, 10⁶ bytes each.
    func residentMegabytes() throws -> Double {
        let status = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
        else { throw DoorClient.Failure(description: "the size of a process is not known") }
        return kibibytes * 1024 / 1_000_000
    }

    /// How long its threads have been on a core, in nanoseconds; in steps of 10 ms.
    func processorTime() throws -> Double {
        let status = try String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
        // Behind the name, which is in parentheses, the twelfth and thirteenth: in user mode, in the kernel.
        let fields = status.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let kernel = Double(fields[12]) else {
            throw DoorClient.Failure(description: "the time of a process is not known")
        }
        return (user + kernel) / Double(sysconf(CInt(_SC_CLK_TCK))) * 1_000_000_000
    }

    /// Ends it, and waits for that.
    func end() {
        // It inherits the signal mask of a thread of Dispatch's, which blocks every other signal.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

/// A process that serves a key at doors.
struct RunningKey {
    private struct Line: Decodable {
        let door: String
        let port: UInt16?
        let path: String?
    }

    let child: Child
    private let paths: [String]

    /// Starts a program; this one serves the same doors as `aikagi` does, and takes the same options.
    init(_ program: String = CommandLine.arguments[0], doors: [DoorAddress]) throws {
        paths = doors.map(\.path)
        let options = doors.flatMap { $0.kind == "unix" ? ["--unix", $0.path] : ["--\($0.kind)", "0"] }
        child = try Child(program, [ServedKey.name, "--json"] + options)
    }

    /// Where its doors are, once they are open.
    func addresses(count: Int) throws -> [DoorAddress] {
        try (0..<count).map { _ in
            let line = try JSONDecoder().decode(Line.self, from: Data(child.line().utf8))
            return DoorAddress(kind: line.door, port: line.port ?? 0, path: line.path ?? "")
        }
    }

    /// Ends it, and removes what it leaves behind.
    func end() {
        child.end()
        for path in paths { unlink(path) }
    }
}

/// A process of this program that answers as a door would, without computing anything.
struct RunningEcho {
    let child: Child
    let address: DoorAddress

    init(_ kind: String, answer: [UInt8]) throws {
        let path = DoorAddress.temporarySocketPath("echo")
        child = try Child(
            CommandLine.arguments[0],
            [DoorEcho.name, kind, path, answer.map { String(format: "%02x", $0) }.joined()])
        address = DoorAddress(kind: kind, port: UInt16(try child.line()) ?? 0, path: path)
    }

    func end() {
        child.end()
        unlink(address.path)  // there is one for a Unix socket only
    }
}

/// What that process does.
struct DoorEcho {
    static let name = "echo"

    private let address: DoorAddress
    private let answer: [UInt8]

    /// `echo KIND PATH ANSWER`, the answer in hexadecimal digits.
    init?(arguments: [String]) {
        guard arguments.count == 4, arguments[0] == DoorEcho.name else { return nil }
        address = DoorAddress(kind: arguments[1], path: arguments[2])
        let digits = Array(arguments[3])
        answer = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(digits[$0...$0 + 1]), radix: 16)
        }
    }

    func run() -> Never {
        let status = aikagi_door_echo(address.doorKind, address.path, answer, answer.count) { port in
            print(port)
            fflush(nil)
        }
        exit(status == 0 ? 0 : 1)
    }
}
