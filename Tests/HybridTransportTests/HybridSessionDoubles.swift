import BluetoothLE
import CTAP
import Synchronization

@testable import HybridTransport

/// One end of a data channel within the process.
final class InMemoryChannel: HybridDataChannel {
    private let incoming: MessageMailbox
    private let outgoing: MessageMailbox
    private let isClosed: SharedFlag

    private init(incoming: MessageMailbox, outgoing: MessageMailbox, isClosed: SharedFlag) {
        self.incoming = incoming
        self.outgoing = outgoing
        self.isClosed = isClosed
    }

    /// Two ends that lead to each other.
    static func pair() -> (InMemoryChannel, InMemoryChannel) {
        let (one, other, flag) = (MessageMailbox(capacity: 64), MessageMailbox(capacity: 64), SharedFlag())
        return (
            InMemoryChannel(incoming: one, outgoing: other, isClosed: flag),
            InMemoryChannel(incoming: other, outgoing: one, isClosed: flag)
        )
    }

    func send(_ message: [UInt8]) async throws {
        try Task.checkCancellation()
        if isClosed.isSet { throw HybridDataChannelError.closed }
        if !outgoing.deliver(message) { outgoing.finish(throwing: HybridDataChannelError.tooManyMessages) }
    }

    func receive() async throws -> [UInt8]? { try await incoming.receive() }

    func takeWaiting() -> [UInt8]? { incoming.takeWaiting() }

    /// Closes both ends in the regular way.
    func close() {
        isClosed.set()
        outgoing.finish()
        incoming.finish()
    }

    /// Breaks the connection as a lost network does.
    func breakOff(with error: any Error = TunnelError.connectionLost) { outgoing.finish(throwing: error) }
}

/// A flag that only goes up, and can be waited for.
final class SharedFlag: Sendable {
    private let state = Mutex<(isSet: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

    var isSet: Bool { state.withLock(\.isSet) }

    func set() {
        let waiters = state.withLock { state in
            state.isSet = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns once the flag is up.
    func wait() async {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state in
                if !state.isSet { state.waiters.append(continuation) }
                return state.isSet
            }
            if ready { continuation.resume() }
        }
    }
}

/// A room that answers by a script and remembers what it was asked.
final class ScriptedRoom: CTAPAuthenticator {
    /// The least that an authenticator says about itself: FIDO_2_1 and an AAGUID of zeros.
    static let information: [UInt8] =
        [0xA2, 0x01, 0x81, 0x68] + Array("FIDO_2_1".utf8) + [0x03, 0x50] + [UInt8](repeating: 0, count: 16)

    /// Up once a request waits for the user.
    let asks = SharedFlag()
    /// Up once such a request was cancelled.
    let isCancelled = SharedFlag()

    private let asked = Mutex<[CTAPRequest]>([])
    private let info: CTAPResponse
    private let answer: @Sendable (CTAPRequest) -> CTAPResponse?

    /// - Parameter answer: the response; `nil` to wait for a user who never comes.
    init(
        info: CTAPResponse = CTAPResponse(.success, data: information),
        answer: @escaping @Sendable (CTAPRequest) -> CTAPResponse?
    ) {
        self.info = info
        self.answer = answer
    }

    /// The requests so far, getInfo excepted.
    var requests: [CTAPRequest] { asked.withLock(\.self) }

    func respond(to request: CTAPRequest, in context: CTAPRequestContext) async -> CTAPResponse {
        guard case .hybrid = context.transport else { return CTAPResponse(.notAllowed) }
        if request.command == .getInfo { return info }
        asked.withLock { $0.append(request) }
        if let response = answer(request) { return response }
        asks.set()
        let (never, continuation) = AsyncStream<Never>.makeStream()
        for await _ in never {}
        continuation.finish()
        isCancelled.set()
        return CTAPResponse(.keepaliveCancel)
    }
}

/// What an observer was told, one word or two per event.
final class EventLog: Sendable {
    private let state = Mutex<(words: [String], waiters: [(word: String, flag: SharedFlag)])>(([], []))

    var observer: HybridObserver { { [self] event in add(Self.word(event)) } }

    var words: [String] { state.withLock(\.words) }

    /// Returns once such an event has been told.
    func wait(for word: String) async {
        let flag = SharedFlag()
        state.withLock { state in
            if state.words.contains(word) { flag.set() } else { state.waiters.append((word, flag)) }
        }
        await flag.wait()
    }

    private func add(_ word: String) {
        let flags = state.withLock { state in
            state.words.append(word)
            return state.waiters.filter { $0.word == word }.map(\.flag)
        }
        for flag in flags { flag.set() }
    }

    private static func word(_ event: HybridEvent) -> String {
        switch event {
        case .tunnelOpened: "tunnel"
        case .advertising: "advertising"
        case .advertisementSeen(_, _, let foreign): "advert after \(foreign)"
        case .handshakeFinished: "handshake"
        case .authenticatorKnown: "info"
        case .request(let command, let count): "\(command) \(count)"
        case .response(let status, let count): "\(status.rawValue) \(count)"
        case .closed: "closed"
        }
    }
}

/// A radio that cannot be used.
struct BrokenRadio: BluetoothRadio {
    struct Broken: Error, CustomStringConvertible { let description = "the radio is off; switch it on" }

    func advertise(_ advertisement: ServiceDataAdvertisement) async throws { throw Broken() }

    func advertisements() async throws -> AsyncThrowingStream<ServiceDataAdvertisement, any Error> { throw Broken() }
}

/// A radio that hears given advertisements and then stops, and sends nothing.
struct RecordedRadio: BluetoothRadio {
    var heard: [ServiceDataAdvertisement] = []

    func advertise(_ advertisement: ServiceDataAdvertisement) async throws {}

    func advertisements() async throws -> AsyncThrowingStream<ServiceDataAdvertisement, any Error> {
        let (stream, continuation) = AsyncThrowingStream<ServiceDataAdvertisement, any Error>.makeStream()
        for advertisement in heard { continuation.yield(advertisement) }
        continuation.finish()
        return stream
    }
}

/// A radio as older phones have it: what it sends goes out under their service UUID.
struct LegacyRadio: BluetoothRadio {
    let base: any BluetoothRadio

    func advertise(_ advertisement: ServiceDataAdvertisement) async throws {
        try await base.advertise(
            ServiceDataAdvertisement(serviceUUID: 0xFDE2, serviceData: advertisement.serviceData))
    }

    func advertisements() async throws -> AsyncThrowingStream<ServiceDataAdvertisement, any Error> {
        try await base.advertisements()
    }
}
