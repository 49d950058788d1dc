extension CTAPHIDAuthenticatorState {
    /// Takes one report from the client.
    ///
    /// Which of several complaints wins is decided by the order of the checks, which satisfies the conformance suites
    /// where the standard leaves it open.
    public mutating func receive(
        _ report: HIDReport, now: ContinuousClock.Instant
    ) -> [CTAPHIDAuthenticatorAction] {
        let overdue = advance(to: now)
        switch CTAPHIDPacket(report) {
        case .continuation(let channel, let sequence, let data):
            return overdue + receiveContinuation(on: channel, sequence: sequence, data: data, now: now)
        case .initialization(let channel, let command, let byteCount, let data):
            let assembly = MessageAssembly(channel: channel, command: command, byteCount: byteCount, data: data)
            return overdue + receiveInitialization(assembly, byteCount: Int(byteCount), now: now)
        }
    }

    private mutating func receiveContinuation(
        on channel: ChannelID, sequence: UInt8, data: [UInt8], now: ContinuousClock.Instant
    ) -> [CTAPHIDAuthenticatorAction] {
        // 1. A continuation packet that belongs to no message is ignored: an idle device never speaks.
        guard case .receiving(var assembly, _) = phase, assembly.channel == channel else { return [] }
        // 7. A wrong sequence number ends the message; its remaining packets then belong to none.
        guard assembly.append(sequence: sequence, data: data) else {
            phase = .idle
            return [error(.invalidSequence, on: channel)]
        }
        guard let message = assembly.message else {
            phase = .receiving(assembly, deadline: now + CTAPHIDAuthenticatorState.transactionTimeout)
            return []
        }
        phase = .idle
        return handle(message, on: channel, now: now)
    }

    private mutating func receiveInitialization(
        _ assembly: MessageAssembly, byteCount: Int, now: ContinuousClock.Instant
    ) -> [CTAPHIDAuthenticatorAction] {
        let channel = assembly.channel
        let command = assembly.command
        // 2. Channel 0 does not exist, and the broadcast channel knows nothing but INIT.
        if channel == .reserved || (channel == .broadcast && command != .initialize) {
            return [error(.invalidChannel, on: channel)]
        }
        // 12. CANCEL has no answer of its own, whoever sends it, except within a message of its own channel (7).
        if command == .cancel, !isReceiving(on: channel) { return cancel(on: channel) }
        // 13. While a channel holds the lock, every other one is told to wait, even with INIT.
        if let lock, lock.owner != channel { return [error(.channelBusy, on: channel)] }
        // 3, 4, 6. INIT is answered in every other state.
        if command == .initialize { return initialize(assembly, byteCount: byteCount) }
        switch phase {
        case .receiving(let current, _):
            // 5, 6. Another channel's message comes first, even for a channel that was never allocated.
            guard current.channel == channel else { return [error(.channelBusy, on: channel)] }
            // 7. A new message within a message ends it.
            phase = .idle
            return [error(.invalidSequence, on: channel)]
        case .executing:
            // 5, 6, 14. One request at a time.
            return [error(.channelBusy, on: channel)]
        case .idle:
            break
        }
        // 5. A channel that nobody asked for.
        if configuration.adoptsEveryChannel { channels.adopt(channel) }
        guard channels.isAllocated(channel) else { return [error(.invalidChannel, on: channel)] }
        // 8. More than a message can have.
        guard byteCount <= CTAPHIDMessage.maximumByteCount else { return [error(.invalidLength, on: channel)] }
        // 10. What is not implemented is refused before the rest of the message arrives.
        guard isImplemented(command) else { return [error(.invalidCommand, on: channel)] }
        guard let message = assembly.message else {
            phase = .receiving(assembly, deadline: now + CTAPHIDAuthenticatorState.transactionTimeout)
            return []
        }
        return handle(message, on: channel, now: now)
    }

    private func isReceiving(on channel: ChannelID) -> Bool {
        if case .receiving(let assembly, _) = phase { assembly.channel == channel } else { false }
    }

    private func isImplemented(_ command: CTAPHIDCommand) -> Bool {
        switch command {
        case .ping, .lock: true
        case .wink: configuration.capabilities.contains(.wink)
        case .cbor: configuration.capabilities.contains(.cbor)
        case .message: !configuration.capabilities.contains(.noMessage)
        default: false
        }
    }

    /// INIT: a new channel on the broadcast channel (3), resynchronisation on any other (4).
    private mutating func initialize(
        _ assembly: MessageAssembly, byteCount: Int
    ) -> [CTAPHIDAuthenticatorAction] {
        var actions: [CTAPHIDAuthenticatorAction] = []
        if assembly.channel != .broadcast { actions = abort(on: assembly.channel) }
        guard byteCount == 8, let message = assembly.message else {
            return actions + [error(.invalidLength, on: assembly.channel)]
        }
        let channel: ChannelID
        if assembly.channel == .broadcast {
            guard let allocated = channels.allocate() else { return [error(.other, on: .broadcast)] }
            channel = allocated
        } else {
            channel = assembly.channel
            channels.adopt(channel)
        }
        let reply = CTAPHIDInitialization(
            nonce: message.bytes, channel: channel, version: configuration.version,
            capabilities: configuration.capabilities)
        return actions + send(.initialize, reply.encoded(), on: assembly.channel)
    }

    /// Ends whatever a channel has begun, without an answer.
    private mutating func abort(on channel: ChannelID) -> [CTAPHIDAuthenticatorAction] {
        switch phase {
        case .receiving(let assembly, _) where assembly.channel == channel:
            phase = .idle
            return []
        case .executing(let execution) where execution.transaction.channel == channel:
            phase = .idle
            return [.cancel(execution.transaction)]
        default:
            return []
        }
    }

    /// CANCEL on the channel whose CTAP2 request is executed asks the authenticator to stop, once; elsewhere it is nothing,
    /// for a CTAP1 request, too.
    private mutating func cancel(on channel: ChannelID) -> [CTAPHIDAuthenticatorAction] {
        guard case .executing(var execution) = phase, execution.transaction.channel == channel,
            execution.command == .cbor, !execution.isCancelled
        else { return [] }
        execution.isCancelled = true
        phase = .executing(execution)
        return [.cancel(execution.transaction)]
    }

    /// A whole message on a channel that may speak.
    private mutating func handle(
        _ message: CTAPHIDMessage, on channel: ChannelID, now: ContinuousClock.Instant
    ) -> [CTAPHIDAuthenticatorAction] {
        switch message.command {
        case .ping:
            return send(.ping, message.bytes, on: channel)
        case .wink:
            guard message.bytes.isEmpty else { return [error(.invalidLength, on: channel)] }
            return [.wink] + send(.wink, [], on: channel)
        case .lock:
            guard message.bytes.count == 1, let seconds = message.bytes.first else {
                return [error(.invalidLength, on: channel)]
            }
            guard seconds <= CTAPHIDAuthenticatorState.maximumLockSeconds else {
                return [error(.invalidParameter, on: channel)]
            }
            lock = seconds == 0 ? nil : Lock(owner: channel, deadline: now + .seconds(Int(seconds)))
            return send(.lock, [], on: channel)
        case .cbor, .message:
            guard !message.bytes.isEmpty else { return [error(.invalidLength, on: channel)] }
            return begin(message, on: channel, now: now)
        default:
            return [error(.invalidCommand, on: channel)]
        }
    }
}
