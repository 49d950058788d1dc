import HIDTransport
import SoftwareAuthenticator
import Synchronization

/// A person who can be told from outside what to do; where nobody has, they do as usual.
final class ControlledGate: BiometricGate {
    private struct Question {
        let id: UInt64
        let request: UserRequest
        var answer: GateAnswer?
    }

    private struct State {
        var usual: any BiometricGate
        /// What they always answer, once they have been told to.
        var always: GateAnswer?
        /// For the questions to come, the next first.
        var answers: [GateAnswer] = []
        /// Those that are asked at the moment, in their order.
        var questions: [Question] = []
        var lastID: UInt64 = 0
    }

    /// How many answers can be given in advance.
    static let answerLimit = 1000

    private let state: Mutex<State>
    private let changes = ChangeCount()
    private let clock: any Clock<Duration>

    /// A person.
    ///
    /// - Parameters:
    ///   - usual: What they do when they have not been told.
    ///   - clock: Measures how long they take.
    init(usually usual: any BiometricGate, clock: any Clock<Duration>) {
        state = Mutex(State(usual: usual))
        self.clock = clock
    }

    /// The questions that wait for somebody to tell the person, in their order.
    var questions: [UserRequest] {
        state.withLock { $0.questions.filter { $0.answer == nil }.map(\.request) }
    }

    /// The questions that somebody has answered whose answers take a while, in their order.
    var underWay: [(request: UserRequest, answer: GateAnswer)] {
        state.withLock { state in
            state.questions.compactMap { question in question.answer.map { (question.request, $0) } }
        }
    }

    /// What the person answers when nobody tells them; `nil` as long as they do as usual.
    var always: GateAnswer? { state.withLock(\.always) }

    /// The answers for the questions to come.
    var answers: [GateAnswer] { state.withLock(\.answers) }

    /// Tells the person how to answer the questions that wait and the next ones, in their order.
    ///
    /// - Returns: Whether there was room for all of them; if not, none is taken.
    func tell(_ answers: [GateAnswer]) -> Bool {
        let fits = state.withLock { state in
            guard state.answers.count + answers.count <= Self.answerLimit else { return false }
            var rest = answers[...]
            for index in state.questions.indices where state.questions[index].answer == nil {
                guard let answer = rest.popFirst() else { break }
                state.questions[index].answer = answer
            }
            state.answers += rest
            return true
        }
        changes.increment()
        return fits
    }

    /// Tells the person what to do from now on; what was said for single questions is forgotten.
    func tell(always answer: GateAnswer) {
        state.withLock { state in
            state.usual = AnsweringGate(answer: answer, clock: clock)
            state.always = answer
            state.answers = []
            for index in state.questions.indices where state.questions[index].answer == nil {
                state.questions[index].answer = answer
            }
        }
        changes.increment()
    }

    func decide(_ request: UserRequest) async -> UserDecision {
        let (id, usual) = state.withLock { state in
            state.lastID += 1
            let answer = state.answers.isEmpty ? nil : state.answers.removeFirst()
            state.questions.append(Question(id: state.lastID, request: request, answer: answer))
            return (state.lastID, state.usual)
        }
        changes.increment()
        defer {
            state.withLock { $0.questions.removeAll { $0.id == id } }
            changes.increment()
        }
        if let answer = answer(to: id) { return await answer.perform(on: clock) }
        let usualDecision = await withTaskGroup(of: UserDecision?.self) { group in
            group.addTask { await usual.decide(request) }
            group.addTask {
                await self.waitForAnswer(to: id)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        if let usualDecision { return usualDecision }
        return await answer(to: id)?.perform(on: clock) ?? .timedOut
    }

    func immediateDecision(_ request: UserRequest) -> UserDecision? {
        state.withLock { state in
            guard let answer = state.answers.first else { return state.usual.immediateDecision(request) }
            guard let decision = answer.immediateDecision else { return nil }
            state.answers.removeFirst()
            return decision
        }
    }

    private func answer(to id: UInt64) -> GateAnswer? {
        state.withLock { $0.questions.first { $0.id == id }?.answer }
    }

    private func waitForAnswer(to id: UInt64) async {
        while !Task.isCancelled {
            let count = changes.count
            if answer(to: id) != nil { return }
            await changes.wait(beyond: count)
        }
    }
}

/// Gives the same answer to everything.
struct AnsweringGate: BiometricGate {
    let answer: GateAnswer
    let clock: any Clock<Duration>

    func decide(_ request: UserRequest) async -> UserDecision { await answer.perform(on: clock) }

    func immediateDecision(_ request: UserRequest) -> UserDecision? { answer.immediateDecision }
}
