import CLinuxProcess
import FoundationEssentials
import Glibc
import HIDTransport

/// The program's own X server, inside the namespace.
///
/// Its socket lies in a file system in memory over `/tmp/.X11-unix`, so nobody outside reaches it, and nothing is left of it.
/// It takes no lock file (`-nolock`, which Xvfb allows to root only, and root it is here) and listens at no abstract socket,
/// which anybody could connect to. But clients try the abstract socket of their display's number first, so the number is one
/// that no X server of the host has.
struct InnerDisplay {
    private static let socketFolder = "/tmp/.X11-unix"

    private let description: VirtualDisplay
    private let numberReader: SocketDescriptor
    /// The X server; whoever runs it starts it.
    let server: ChildProcess

    /// Prepares everything but the server itself.
    ///
    /// - Throws: ``LaunchError``.
    init(_ description: VirtualDisplay, environment: [String: String]) throws(LaunchError) {
        self.description = description
        // Where there has never been an X server, the folder is made as the first one would make it, and stays.
        if mkdir(InnerDisplay.socketFolder, 0o777) == 0 { chmod(InnerDisplay.socketFolder, 0o1777) }
        guard mount("aikagi", InnerDisplay.socketFolder, "tmpfs", UInt(MS_NOSUID | MS_NODEV), "mode=1777,size=64k") == 0
        else { throw .notMounted(path: InnerDisplay.socketFolder, errorNumber: errno) }
        var ends: [CInt] = [-1, -1]
        guard aikagi_pipe(&ends) == 0 else { throw .noResource("a pipe", errorNumber: errno) }
        numberReader = SocketDescriptor(takingOver: ends[0])
        server = ChildProcess(
            ChildProcess.Plan(
                arguments: [
                    "/usr/bin/setpriv", "--pdeathsig", "KILL", "--", description.program,
                    ":\(InnerDisplay.freeNumber())", "-displayfd", String(ends[1]),
                    "-screen", "0", "\(description.width)x\(description.height)x24", "-fbdir", description.folder,
                    "-nolisten", "tcp", "-nolisten", "local", "-nolock",
                ],
                environment: environment, inheritedDescriptors: [ends[1]],
                defaultSignals: ChildProcess.Plan.signalsOfAnyProgram, outputPath: description.folder + "/xvfb.log",
                // The keys of the terminal are for the program, not for its screen.
                hasOwnSession: true, handedOver: [SocketDescriptor(takingOver: ends[1])]))
    }

    /// The number of a display that no X server of this network namespace serves; from a range that none is given by habit.
    private static func freeNumber() -> Int {
        let listeners = FileManager.default.contents(atPath: "/proc/net/unix").map {
            String(decoding: $0, as: UTF8.self)
        }
        let numbers = (0..<64).map { _ in Int.random(in: 1000..<50000) }
        return numbers.first { listeners?.contains("@\(socketFolder)/X\($0)\n") != true } ?? numbers[0]
    }

    /// Waits until programs can connect.
    ///
    /// - Returns: What goes into DISPLAY.
    /// - Throws: ``LaunchError/noDisplay(reason:)`` when the server ends before.
    func name() async throws(LaunchError) -> String {
        let reader = numberReader
        let text: String = await withCheckedContinuation { continuation in
            let isStarted = OwnedThread.start {
                var text: [UInt8] = []
                var byte: UInt8 = 0
                while text.count < 16 {
                    let count = read(reader.number, &byte, 1)
                    if count < 0 && errno == EINTR { continue }
                    guard count == 1, byte != UInt8(ascii: "\n") else { break }
                    text.append(byte)
                }
                continuation.resume(returning: String(decoding: text, as: UTF8.self))
            }
            if !isStarted { continuation.resume(returning: "") }
        }
        guard let number = Int(text) else { throw .noDisplay(reason: complaint) }
        return ":\(number)"
    }

    /// The last line that the server has said.
    private var complaint: String {
        let bytes = FileManager.default.contents(atPath: description.folder + "/xvfb.log") ?? Data()
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").last.map(String.init) ?? "no reason given"
    }
}
