import Foundation
import Glibc
import ProgramRunner
import SoftwareAuthenticator
import Synchronization
import TestSupport
import Testing

@testable import AikagiCommands

@Suite(.timeLimit(.minutes(1))) struct GateArgumentTests {
    @Test(
        "A gate is one of seven",
        arguments: [
            "approve", "deny", "ignore", "ask", "delay:0", "delay:1.5", "delay:3600", "exec:true", "exec:/bin/a b",
            "exec::", "script:f",
        ])
    func gate(text: String) {
        #expect(GateArgument(argument: text) != nil)
    }

    @Test(
        "Other gates are refused",
        arguments: [
            "", "Approve", "delay", "delay:", "delay:-1", "delay:3601", "delay:inf", "delay:nan", "exec", "exec:",
            "ignored", "script:",
        ])
    func noGate(text: String) {
        #expect(GateArgument(argument: text) == nil)
    }

    private static let request = UserRequest(
        .makeCredential(relyingPartyID: "a.example", relyingPartyName: "A", userName: "u\u{7}"),
        needsVerification: true)

    @Test("Who approves can be somebody else; who does not is not asked")
    func approving() async throws {
        let somebody = DenyingGate(.verificationFailed)
        for (text, decision) in [
            ("approve", UserDecision.verificationFailed), ("delay:0", .verificationFailed), ("deny", .denied),
            ("exec:true", .approved),
        ] {
            let gate = try #require(GateArgument(argument: text)).gate(of: "d", approving: somebody)
            #expect(await gate.decide(Self.request) == decision, "\(text)")
        }
        let ignoring = try #require(GateArgument(argument: "ignore")).gate(of: "d", approving: somebody)
        let question = Task { await ignoring.decide(Self.request) }
        question.cancel()
        #expect(await question.value == .timedOut)
    }

    /// Runs a body with a gate that is a shell script.
    private func withScript(_ script: String, _ body: (String, any BiometricGate) async throws -> Void) async throws {
        try await withScratchDirectory { folder in
            let path = folder + "/gate"
            // By another process: while this one has it open, any that is forked would keep it from being executed.
            let status = try await HelperProgram(["/bin/sh", "-c", "cat > \"$0\" && chmod 700 \"$0\"", path])
                .run(input: Array("#!/bin/sh\n\(script)\n".utf8))
            #expect(status == 0)
            try await body(folder, try ProgramGate(path, device: "my phone"))
        }
    }

    static let statuses: [(Int, UserDecision)] = [
        (0, .approved), (1, .denied), (2, .verificationFailed), (3, .timedOut), (126, .timedOut),
    ]

    @Test("A program answers by its exit status", arguments: statuses)
    func status(status: Int, decision: UserDecision) async throws {
        try await withScript("exit \(status)") { _, gate in
            #expect(await gate.decide(Self.request) == decision)
        }
    }

    private struct Question: Decodable, Equatable {
        var device: String
        var action: String
        var relyingPartyID: String?
        var userName: String?
        var needsVerification: Bool
        var question: String
    }

    static let reasons: [(UserRequest.Reason, action: String, site: String?, user: String?)] = [
        (.makeCredential(relyingPartyID: "a", relyingPartyName: "A", userName: "u"), "makeCredential", "a", "u"),
        (.makeCredential(relyingPartyID: "a", relyingPartyName: nil, userName: nil), "makeCredential", "a", nil),
        (.getAssertion(relyingPartyID: "a"), "getAssertion", "a", nil),
        (.excludedCredential(relyingPartyID: "a"), "excludedCredential", "a", nil), (.selection, "selection", nil, nil),
        (.reset, "reset", nil, nil),
    ]

    @Test("A program is asked with JSON on its standard input", arguments: reasons)
    func question(reason: UserRequest.Reason, action: String, site: String?, user: String?) async throws {
        try await withScript("cat > \"${0%/*}/question\"") { folder, gate in
            let request = UserRequest(reason, needsVerification: true)
            #expect(await gate.decide(request) == .approved)
            let data = try #require(FileManager.default.contents(atPath: folder + "/question"))
            let expected = Question(
                device: "my phone", action: action, relyingPartyID: site, userName: user, needsVerification: true,
                question: request.question)
            #expect(try JSONDecoder().decode(Question.self, from: data) == expected)
        }
    }

    @Test("A question that is withdrawn ends the program")
    func withdrawn() async throws {
        try await withScript("exec sleep 1000") { _, gate in
            let question = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await gate.decide(Self.request)
            }
            #expect(await question.value == .timedOut)
        }
    }

    @Test("What cannot be executed is refused before anything is asked")
    func noProgram() async throws {
        try await withScratchDirectory { folder in
            try Data().write(to: URL(filePath: folder + "/file"))
            for path in ["/nonexistent", folder + "/file", "aikagi-no-such-program"] {
                let error = #expect(throws: CommandFailure.self) { try ProgramGate(path, device: "") }
                #expect(error?.description.contains(path) == true)
            }
        }
    }

    @Test("An observer hears of the question before and of the decision after")
    func observed() async {
        let words = Mutex<[String]>([])
        let gate = ObservedGate(
            gate: DenyingGate(), asked: { request in words.withLock { $0.append("asked \(request == Self.request)") } },
            decided: { _, decision in words.withLock { $0.append("\(decision)") } })
        #expect(await gate.decide(Self.request) == .denied)
        #expect(words.withLock(\.self) == ["asked true", "denied"])
    }
}
