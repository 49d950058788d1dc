import Foundation
import Glibc
import Testing

@testable import AikagiCommands

/// A log whose events a test reads as they are written, through a named pipe.
struct EventLines: Sendable {
    let log: EventLog
    private let lines: AsyncStream<[String: String]>

    /// - Parameter folder: Where the pipe is made.
    init(in folder: String) throws {
        let path = folder + "/events-\(UUID())"
        try #require(mkfifo(path, 0o600) == 0)
        let reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        try #require(reader >= 0)
        log = try EventLog(.file(path))
        try #require(fcntl(reader, F_SETFL, 0) == 0)
        let (lines, line) = AsyncStream.makeStream(of: [String: String].self)
        self.lines = lines
        Thread.detachNewThread {
            let file = FileHandle(fileDescriptor: reader, closeOnDealloc: true)
            var rest = Data()
            while true {
                let data = file.availableData
                guard !data.isEmpty else { break }
                rest += data
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    line.yield(EventLines.decode(rest[..<end]))
                    rest = Data(rest[rest.index(after: end)...])
                }
            }
            line.finish()
        }
    }

    /// The next event's members as texts; `nil` when there is no log any more.
    func next() async -> [String: String]? {
        for await line in lines { return line }
        return nil
    }

    /// The next event's name.
    func nextName() async -> String? { await next()?["event"] }

    /// A JSON object's members as texts.
    static func decode(_ line: some DataProtocol) -> [String: String] {
        let object = try? JSONSerialization.jsonObject(with: Data(line))
        return (object as? [String: Any] ?? [:]).mapValues { "\($0)" }
    }
}
