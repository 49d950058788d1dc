import Glibc
import HIDTransport
import KeyControlProtocol
import NIOCore
import NIOPosix
import TunnelService

/// The control socket of a key: other programs answer for the person, take the power away, move the clock, and watch.
final class KeyControl: Sendable {
    private let path: String
    /// Listens; the server takes it over.
    private let descriptor: CInt
    private let gate: ControlledGate
    private let clock: AdjustableClock
    private let power: KeyPower
    private let watchers: KeyWatchers

    /// A socket at which others can connect from now on; they are answered once ``run()`` is called.
    ///
    /// - Throws: ``CommandFailure`` when the path cannot be used.
    init(
        path: String, gate: ControlledGate, clock: AdjustableClock, power: KeyPower, watchers: KeyWatchers
    ) throws(CommandFailure) {
        do {
            descriptor = try PrivateSocket.listen(at: path)
        } catch .system(_, let number) {
            throw CommandFailure(
                "cannot open the socket \(path): \(String(cString: strerror(number))); "
                    + "choose another path with --control PATH")
        } catch {
            throw CommandFailure("\(error)")
        }
        self.path = path
        self.gate = gate
        self.clock = clock
        self.power = power
        self.watchers = watchers
    }

    /// Removes the socket's file, so that nobody comes any more.
    func close() { unlink(path) }

    /// Serves until the task is cancelled.
    func run() async throws {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            // Whoever pipes a request into a client ends its side at once, and still wants the answer.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(descriptor) { channel in
                channel.eventLoop.makeCompletedFuture { try AcceptedByteChannel(channel) }
            }
        try await withThrowingDiscardingTaskGroup { group in
            try await listener.executeThenClose { connections in
                for try await connection in connections {
                    group.addTask { await self.serve(connection) }
                }
            }
        }
    }

    private func serve(_ accepted: AcceptedByteChannel) async {
        let channel = accepted.channel
        do {
            try await channel.executeThenClose { input, output in
                let connection = LineConnection(output, channel.channel)
                try await withThrowingDiscardingTaskGroup { group in
                    var requests = ControlRequestReader()
                    func answer(_ request: Result<ControlRequest, ControlRequestError>) async throws {
                        let isWatch = (try? request.get())?.action == .watch
                        let events = isWatch ? self.watchers.watch() : nil
                        try await connection.send(await self.answer(request))
                        if let events { group.addTask { try await KeyControl.send(events, to: connection) } }
                    }
                    for try await piece in input {
                        requests.append(piece.readableBytesView)
                        while let request = requests.next() { try await answer(request) }
                    }
                    if let request = requests.last() { try await answer(request) }
                    group.cancelAll()
                }
            }
        } catch {
            // A client that has gone, or does not speak in lines, is nothing to worry about.
        }
    }

    private static func send(_ events: AsyncStream<KeyEvent>, to connection: LineConnection) async throws {
        for await event in events { try await connection.send(event) }
        // Whoever does not read misses something, and is told so by the end of the connection.
        if !Task.isCancelled { connection.close() }
    }

    private func answer(_ request: Result<ControlRequest, ControlRequestError>) async -> ControlReply {
        do {
            try await perform(try request.get())
            return ControlReply(error: nil, state: state)
        } catch {
            return ControlReply(error: "\(error)", state: nil)
        }
    }

    private func perform(_ request: ControlRequest) async throws(CommandFailure) {
        switch request.action {
        case .state, .watch: break
        case .answer:
            guard let answers = request.answer.flatMap({ GateAnswer.repeated($0) }) else { throw noAnswer(request) }
            guard gate.tell(answers) else {
                throw CommandFailure("there are \(ControlledGate.answerLimit) answers already; use 'always' for more")
            }
        case .always:
            guard let answer = request.answer.flatMap({ GateAnswer($0) }) else { throw noAnswer(request) }
            gate.tell(always: answer)
        case .powerCycle:
            guard await power.cycle() else { throw CommandFailure("the key is unplugged; plug it in") }
        case .unplug, .plug:
            let isPlugged = request.action == .plug
            guard await power.set(isPlugged: isPlugged) else {
                throw CommandFailure("the key is \(isPlugged ? "plugged in" : "unplugged") already")
            }
        case .advanceClock:
            guard let seconds = request.seconds, (0...ControlRequest.longestAdvance).contains(seconds) else {
                throw CommandFailure("a clock goes forward by 0 to \(Int(ControlRequest.longestAdvance)) seconds")
            }
            await clock.advance(by: .seconds(seconds))
            noteClock()
        case .stopClock, .startClock:
            clock.set(isRunning: request.action == .startClock)
            noteClock()
        }
    }

    private func noAnswer(_ request: ControlRequest) -> CommandFailure {
        CommandFailure("'\(request.answer ?? "")' is no answer; there are \(GateAnswer.vocabulary)")
    }

    private func noteClock() {
        watchers.note(
            {
                var event = KeyEvent("clock")
                event.isRunning = clock.isRunning
                return event
            }())
    }

    private var state: ControlReply.State {
        ControlReply.State(
            isPlugged: power.isPlugged,
            clock: .init(
                seconds: (clock.now.elapsed / .milliseconds(1)).rounded() / 1000, isRunning: clock.isRunning,
                sleepers: clock.sleeperCount),
            questions: gate.questions.map { GateQuestion($0) },
            underWay: gate.underWay.map { .init(question: GateQuestion($0.request), answer: $0.answer.words) },
            answers: gate.answers.map(\.words), always: gate.always?.words)
    }
}
