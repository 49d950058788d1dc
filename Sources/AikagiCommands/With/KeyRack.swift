import CTAP
import HIDTransport
import ProgramRunner
import SoftwareAuthenticator
import Synchronization

/// The keys of a session, and the programs that see them.
final class KeyRack: Sendable {
    /// A key, and who answers for it.
    struct Key: Sendable {
        /// As programs and people call it.
        let name: String
        /// Who answers.
        let authenticator: any CTAPAuthenticator
        /// Gives it power anew; what was kept in memory is lost.
        let powerCycle: @Sendable () async -> Void
        /// Whether it is plugged in at first.
        let isPlugged: Bool
    }

    /// Tells a program that a key has come or gone.
    typealias Notice = @Sendable (_ key: Int, _ isPlugged: Bool) async throws -> Void

    private struct Seat: Sendable {
        let keys: [PluggableKey]
        let notice: Notice
    }

    private struct State {
        var isPlugged: [Bool]
        var seats: [Int: Seat] = [:]
        var lastSeat = 0
    }

    /// The keys, in the order of their numbers.
    let keys: [Key]
    private let hand: SharedHand
    private let turns = Turns()
    private let state: Mutex<State>

    /// - Parameter hand: The person who is to know which keys are plugged in.
    init(_ keys: [Key], hand: SharedHand) {
        self.keys = keys
        self.hand = hand
        for (number, key) in keys.enumerated() { hand.set(number, isPlugged: key.isPlugged) }
        state = Mutex(State(isPlugged: keys.map(\.isPlugged)))
    }

    /// Which of the keys are plugged in.
    var isPlugged: [Bool] { state.withLock(\.isPlugged) }

    /// Serves one program until its channels end or the task is cancelled.
    ///
    /// - Parameters:
    ///   - channels: The program's channel to each key.
    ///   - plugged: Which keys the program has been told of.
    ///   - notice: Tells the program of changes.
    func serve(_ channels: [any HIDReportChannel], plugged: [Bool], notice: @escaping Notice) async throws {
        let seat = Seat(
            keys: zip(zip(keys, channels), plugged).map { pair, isPlugged in
                PluggableKey(authenticator: pair.0.authenticator, channel: pair.1, isPlugged: isPlugged)
            }, notice: notice)
        let (number, now) = state.withLock { state in
            state.lastSeat += 1
            state.seats[state.lastSeat] = seat
            return (state.lastSeat, state.isPlugged)
        }
        defer { state.withLock { _ = $0.seats.removeValue(forKey: number) } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for key in seat.keys { group.addTask { try await key.run() } }
            // What has changed since the program was told.
            for (key, isPlugged) in now.enumerated() where plugged[key] != isPlugged {
                seat.keys[key].setPlugged(isPlugged)
                try await notice(key, isPlugged)
            }
            try await group.waitForAll()
        }
    }

    /// Plugs a key in or takes it out, for every program.
    ///
    /// - Returns: Whether that changed anything.
    /// - Throws: Why a program could not be told.
    func set(_ number: Int, isPlugged: Bool) async throws -> Bool {
        try await turns.take { try await change(number, isPlugged: isPlugged) }
    }

    private func change(_ number: Int, isPlugged: Bool) async throws -> Bool {
        guard state.withLock({ $0.isPlugged[number] }) != isPlugged else { return false }
        if isPlugged { await keys[number].powerCycle() }
        hand.set(number, isPlugged: isPlugged)
        let seats = state.withLock { state in
            state.isPlugged[number] = isPlugged
            return Array(state.seats.values)
        }
        // Every program is told, also after one that could not be.
        var failure: (any Error)?
        for seat in seats {
            // A key answers before it is seen, and is no longer seen before it falls silent.
            if isPlugged { seat.keys[number].setPlugged(true) }
            do { try await seat.notice(number, isPlugged) } catch { failure = failure ?? error }
            if !isPlugged { seat.keys[number].setPlugged(false) }
        }
        if let failure { throw failure }
        return true
    }
}
