import CTAPHID

extension FuzzedDecoder {
    static let ctapHIDDecoders = [
        FuzzedDecoder("ctaphid-authenticator") { input in
            var reader = InputReader(input)
            var bench = HIDAuthenticatorBench(options: reader.byte())
            while !reader.isEmpty { bench.step(&reader) }
        },
        FuzzedDecoder("ctaphid-client") { input in
            var reader = InputReader(input)
            var bench = HIDClientBench()
            while !reader.isEmpty { bench.step(&reader) }
        },
    ]
}

/// Reads a report: as 64 bytes, or in few bytes that mutate well.
private func report(_ reader: inout InputReader, kind: UInt8, channels: [ChannelID]) -> HIDReport? {
    if kind == 0 { return HIDReport(bytes: reader.padded(HIDReport.byteCount)) }
    let channel = channels[Int(reader.byte()) % channels.count]
    if kind == 1 {
        let command = CTAPHIDCommand(rawValue: reader.byte())
        let byteCount = UInt16(reader.byte()) << 8 | UInt16(reader.byte())
        let data = reader.bytes(min(Int(byteCount), CTAPHIDPacket.initializationDataCount))
        return CTAPHIDPacket.initialization(channel: channel, command: command, byteCount: byteCount, data: data).report
    }
    return CTAPHIDPacket.continuation(channel: channel, sequence: reader.byte(), data: reader.short()).report
}

/// An authenticator's state between a client that sends anything and a program that answers at any moment.
private struct HIDAuthenticatorBench {
    private var state: CTAPHIDAuthenticatorState
    private var now = ContinuousClock.now
    private var channels: [ChannelID] = [.broadcast, ChannelID(rawValue: 1), .reserved]
    private var begun: [CTAPHIDTransaction] = []

    init(options: UInt8) {
        var configuration = CTAPHIDAuthenticatorState.Configuration()
        // The channel numbers come to an end soon.
        if options & 1 == 1 { configuration.firstChannel = ChannelID(rawValue: 0xFFFF_FFFC) }
        if options & 2 == 2 { configuration.capabilities = [.noMessage] }
        channels.append(configuration.firstChannel)
        state = CTAPHIDAuthenticatorState(configuration: configuration)
    }

    mutating func step(_ reader: inout InputReader) {
        switch reader.byte() % 8 {
        case let kind where kind < 3:
            guard let report = report(&reader, kind: kind, channels: channels) else { return }
            check(state.receive(report, now: now))
        case 3:
            now += .milliseconds(10 * Int(reader.byte()))
            check(state.advance(to: now))
            require(state.nextDeadline.map { $0 > now } ?? true, "a deadline that has come is served")
        case 4:
            now = max(now, state.nextDeadline ?? now)
            check(state.advance(to: now))
        case 5:
            guard let transaction = state.executing else { return }
            check(state.respond(to: transaction, with: reader.long(), now: now))
            require(state.executing == nil, "an answer ends its request")
        case 6:
            // Possibly the answer to a request that was given up.
            guard let transaction = begun.first else { return }
            let isExecuting = state.executing == transaction
            let actions = state.respond(to: transaction, with: [0], now: now)
            require(isExecuting || actions.isEmpty, "a late answer goes nowhere")
            check(actions)
        default:
            guard let transaction = state.executing else { return }
            check(state.update(.userPresenceNeeded, of: transaction, now: now))
        }
    }

    private mutating func check(_ actions: [CTAPHIDAuthenticatorAction]) {
        for action in actions {
            switch action {
            case .send(let report):
                let channel = CTAPHIDPacket(report).channel
                if channels.count < 64, !channels.contains(channel) { channels.append(channel) }
            case .begin(let transaction, let message):
                require(state.executing == transaction, "what begins is executed")
                require(message.command == .cbor && !message.bytes.isEmpty, "a request has a command")
                require(message.bytes.count <= CTAPHIDMessage.maximumByteCount, "a request is not too long")
                begun.append(transaction)
            case .cancel(let transaction):
                require(begun.contains(transaction), "what is cancelled has begun")
            case .wink:
                continue
            }
        }
    }
}

/// A client's state before a device that sends anything.
private struct HIDClientBench {
    private static let nonce: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

    private var state = CTAPHIDClientState()
    private var now = ContinuousClock.now

    mutating func step(_ reader: inout InputReader) {
        switch reader.byte() % 8 {
        case let kind where kind < 3:
            let channels = [.broadcast, state.initialization?.channel ?? .broadcast, ChannelID(rawValue: 1)]
            guard let report = report(&reader, kind: kind, channels: channels) else { return }
            let events = state.receive(report, now: now)
            check(events)
        case 3:
            now += .milliseconds(20 * Int(reader.byte()))
            let events = state.advance(to: now)
            check(events)
            require(state.nextDeadline.map { $0 > now } ?? true, "a deadline that has come is served")
        case 4:
            let reports = certain { try state.open(nonce: HIDClientBench.nonce, now: now) }
            require(reports.count == 1, "INIT fits one report")
        case 5:
            // A device's reply to INIT, so that the rest is reached.
            let reply = HIDClientBench.nonce + reader.padded(9)
            let packet = CTAPHIDPacket.initialization(
                channel: .broadcast, command: .initialize, byteCount: 17, data: reply)
            let events = state.receive(packet.report, now: now)
            check(events)
        case 6:
            let command: CTAPHIDCommand = reader.byte() & 1 == 0 ? .cbor : .ping
            let bytes = reader.long()
            guard let message = attempt({ try CTAPHIDMessage(command: command, bytes: bytes) }),
                let reports = attempt({ try state.send(message, now: now) })
            else { return }
            require(!reports.isEmpty, "a message has a report")
        default:
            require(state.cancel().count <= 1, "CANCEL fits one report")
        }
    }

    private func check(_ events: [CTAPHIDClientEvent]) {
        for event in events {
            switch event {
            case .keepalive:
                require(state.nextDeadline != nil, "an answer is still due after a keepalive")
            case .opened(let reply):
                require(state.initialization == reply, "the open channel is the reply's")
                require(state.nextDeadline == nil, "nothing is due when a channel is open")
            case .response(let message):
                require(message.bytes.count <= CTAPHIDMessage.maximumByteCount, "an answer is not too long")
                require(state.nextDeadline == nil, "nothing is due after an answer")
            case .failed(let error):
                require("\(error)".contains(" "), "an error says what is wrong")
                require(state.nextDeadline == nil, "nothing is due after a failure")
            }
        }
    }
}
