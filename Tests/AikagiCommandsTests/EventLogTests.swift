import Foundation
import Glibc
import TestSupport
import Testing

@testable import AikagiCommands

@Suite(.timeLimit(.minutes(1))) struct EventLogTests {
    private func lines(_ body: (EventLog) -> Void) async throws -> [String] {
        try await withScratchDirectory { folder in
            let path = folder + "/events"
            try Data("old\n".utf8).write(to: URL(filePath: path))
            body(try EventLog(.file(path)))
            return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
        }
    }

    @Test("Each event is a JSON object on a line of a file that is made anew")
    func file() async throws {
        let lines = try await lines { log in
            log.note("ended")
            var event = HybridEventLine("scanned")
            event.url = "FIDO:/1"
            event.hint = "ga"
            log.note(event, device: "my\nphone")
            log.fail("it broke", device: "key")
        }
        let events = lines.map { EventLines.decode(Data($0.utf8)) }
        #expect(events.map { $0["event"] } == ["ended", "scanned", "failed"])
        #expect(events.map { $0["device"] } == [nil, "my\nphone", "key"])
        #expect(
            events.map { Set($0.keys).subtracting(["event", "device", "milliseconds"]) } == [
                [], ["hint", "url"], ["message"],
            ])
        #expect(events.last?["message"] == "it broke")
        let times = events.compactMap { $0["milliseconds"] }.compactMap(Double.init)
        #expect(times == times.sorted() && times.count == 3)
        // Keys in order, slashes as they are.
        #expect(lines.dropFirst().first?.hasPrefix(#"{"device":"my\nphone","event":"scanned","hint":"ga","#) == true)
        #expect(lines.dropFirst().first?.hasSuffix(#""url":"FIDO:/1"}"#) == true)
    }

    @Test("Lines of several tasks stay whole")
    func crowd() async throws {
        try await withScratchDirectory { folder in
            let log = try EventLog(.file(folder + "/events"))
            await withTaskGroup(of: Void.self) { group in
                for task in 0..<8 {
                    group.addTask { for number in 0..<50 { log.note("event-\(number)", device: "device \(task)") } }
                }
            }
            let text = try String(contentsOfFile: folder + "/events", encoding: .utf8)
            let events = text.split(separator: "\n").map { EventLines.decode(Data($0.utf8)) }
            #expect(events.count == 400)
            #expect(events.allSatisfy { $0.keys.count == 3 })
        }
    }

    @Test("A file that cannot be written is an error that names it")
    func unwritable() {
        let error = #expect(throws: CommandFailure.self) { try EventLog(.file("/nonexistent/events")) }
        #expect(error?.description.contains("/nonexistent/events") == true)
    }

    @Test("Only failures are told where nobody wants events")
    func failuresOnly() throws {
        let log = try EventLog(.failuresOnly)
        log.note("quiet")
    }
}
