import Synchronization

/// What `aikagi key` says.
///
/// It says little: who starts it reads where it listens, and often nothing after that, and a pipe that nobody reads
/// must not stop the key.
final class KeyLines: Sendable {
    private struct Line: Encodable {
        var event: String
        var door: String?
        var address: String?
        var port: UInt16?
        var path: String?
    }

    private struct State {
        var lastWink: ContinuousClock.Instant?
        var noted: Set<String> = []
    }

    /// How many different notes there may be.
    private static let noteLimit = 20

    private let isJSON: Bool
    private let state = Mutex(State())

    /// - Parameter isJSON: JSON Lines in place of plain ones.
    init(asJSON isJSON: Bool) { self.isJSON = isJSON }

    /// A door is open.
    func listening(_ place: OpenDoors.Place) {
        switch place.address {
        case .port(let host, let port):
            guard isJSON else {
                let host = host.contains(":") ? "[\(host)]" : host
                return Console.standard.result("\(place.door) \(host):\(port)")
            }
            Console.standard.json(Line(event: "listening", door: place.door, address: host, port: port))
        case .path(let path):
            guard isJSON else { return Console.standard.result("\(place.door) \(path)") }
            Console.standard.json(Line(event: "listening", door: place.door, path: path))
        }
    }

    /// Something has happened, with JSON only.
    func say(_ event: String) {
        if isJSON { Console.standard.json(Line(event: event)) }
    }

    /// A client wants to see which key this is: once a second at most.
    func wink() {
        let now = ContinuousClock.now
        let isDue = state.withLock { state in
            guard state.lastWink.map({ now - $0 >= .seconds(1) }) ?? true else { return false }
            state.lastWink = now
            return true
        }
        guard isDue else { return }
        if isJSON { Console.standard.json(Line(event: "wink")) } else { Console.standard.note("wink") }
    }

    /// Something for the person who writes a client, once.
    func note(_ text: String) {
        let isNew = state.withLock { $0.noted.count < KeyLines.noteLimit && $0.noted.insert(text).inserted }
        if isNew { Console.standard.note("aikagi: a client was turned away: \(text)") }
    }
}
