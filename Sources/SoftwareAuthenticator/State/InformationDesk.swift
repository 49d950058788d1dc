import CTAP
import Synchronization

/// Answers authenticatorGetInfo outside of the authenticator's actor, while nothing has changed since the last answer.
final class InformationDesk: Sendable {
    private struct State {
        var cache: InformationCache?
        /// Whether the authenticator is in the middle of something that any other command ends.
        var isWithinSequence = false

        /// The CBOR of the response, if it is known.
        mutating func knownData(
            for state: AuthenticatorState, _ census: CredentialCensus?
        ) throws -> [UInt8]? {
            guard cache?.state == state, cache?.census == census else { return nil }
            return try cache?.nextData()
        }
    }

    private let state = Mutex(State())

    /// Says whether a command may follow that every other one ends (CTAP 2.3 §6, stateful commands).
    func set(isWithinSequence: Bool) { state.withLock { $0.isWithinSequence = isWithinSequence } }

    /// The CBOR of the response, if it is known and nothing else has to be done about the request.
    func dataAtOnce(for state: AuthenticatorState, _ census: CredentialCensus?) -> [UInt8]? {
        self.state.withLock { desk in
            guard !desk.isWithinSequence else { return nil }
            return try? desk.knownData(for: state, census)
        }
    }

    /// The CBOR of the response.
    ///
    /// - Parameter make: makes it, if it is not known.
    func data(
        for state: AuthenticatorState, _ census: CredentialCensus?, orMaking make: () -> InformationCache
    ) throws -> [UInt8] {
        if let data = try self.state.withLock({ try $0.knownData(for: state, census) }) { return data }
        var cache = make()
        let data = try cache.nextData()
        self.state.withLock { $0.cache = cache }
        return data
    }
}
