import FoundationEssentials
import Glibc
import Synchronization

/// What the devices of a session do, as JSON Lines in a file or on standard output, and as lines for people.
final class EventLog: Sendable {
    /// Where the lines go.
    enum Destination: Sendable {
        /// Nowhere but failures to standard error.
        case failuresOnly
        /// To standard error, for people.
        case people
        /// To standard output as JSON Lines.
        case standardOutput
        /// To a file as JSON Lines; it is made anew.
        case file(String)
    }

    private struct Line: Encodable {
        var event: String
        var device: String?
        var milliseconds: Double
        var detail: HybridEventLine?

        enum CodingKeys: CodingKey { case event, device, milliseconds }

        func encode(to encoder: any Encoder) throws {
            // The fields of the detail stand beside ours, which win.
            try detail?.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(event, forKey: .event)
            try container.encodeIfPresent(device, forKey: .device)
            try container.encode(milliseconds, forKey: .milliseconds)
        }
    }

    private let destination: Destination
    private let file: Mutex<CInt>
    private let began = ContinuousClock.now

    /// A log.
    ///
    /// - Throws: ``CommandFailure`` when the file cannot be written.
    init(_ destination: Destination) throws(CommandFailure) {
        self.destination = destination
        guard case .file(let path) = destination else {
            file = Mutex(-1)
            return
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure("cannot write events to \(path): \(String(cString: strerror(errno)))")
        }
        file = Mutex(descriptor)
    }

    deinit { file.withLock { if $0 >= 0 { close($0) } } }

    /// Notes an event.
    ///
    /// - Parameters:
    ///   - device: Whose it is; `nil` for the session's.
    func note(_ event: HybridEventLine, device: String? = nil) {
        switch destination {
        case .failuresOnly: break
        case .people: Console.standard.note((device.map { "\($0): " } ?? "") + event.text)
        case .standardOutput: Console.standard.json(line(event, device))
        case .file:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            // Our own types always encode.
            guard let data = try? encoder.encode(line(event, device)) else { return }
            let bytes = Array(data) + [UInt8(ascii: "\n")]
            file.withLock { _ = write($0, bytes, bytes.count) }
        }
    }

    /// Notes an event that has a name only.
    func note(_ event: String, device: String? = nil) { note(HybridEventLine(event), device: device) }

    /// Notes what went wrong; people are told in any case.
    func fail(_ reason: String, device: String? = nil) {
        var event = HybridEventLine("failed")
        event.message = reason
        if case .people = destination {} else { note(event, device: device) }
        Console.standard.error((device.map { "\($0): " } ?? "") + reason)
    }

    private func line(_ event: HybridEventLine, _ device: String?) -> Line {
        let elapsed = began.duration(to: .now) / .milliseconds(1)
        return Line(event: event.event, device: device, milliseconds: (elapsed * 100).rounded() / 100, detail: event)
    }
}
