import ArgumentParser
import Foundation
import SoftwareAuthenticator

/// How the person at an authenticator behaves, on the command line.
enum GateArgument: ExpressibleByArgument {
    /// Approves at once.
    case approve
    /// Declines at once.
    case deny
    /// Does not react at all.
    case ignore
    /// Asks at the terminal.
    case ask
    /// Asks a program.
    case program(String)
    /// Follows the script in a file.
    case script(String)
    /// Approves after some time.
    case delay(Duration)

    static let help = ArgumentHelp(
        "The person: approve, deny, ignore, ask (at this terminal), delay:SECONDS, exec:PROGRAM, script:FILE.",
        discussion: """
            A program is given the question as JSON on standard input and answers by its exit status: 0 approves, 1 \
            declines, 2 fails the verification, anything else does not react. A script has one answer a line, the last one \
            for all that follow, or 'repeat': approve, deny, fail, ignore, brief-touch, finger NAME, sample STATUS [FINGER], each perhaps \
            behind 'delay SECONDS' (which alone approves) or before a number of times.
            """, valueName: "gate")

    static var allValueStrings: [String] {
        ["approve", "deny", "ignore", "ask", "delay:0…3600", "exec:PROGRAM", "script:FILE"]
    }

    init?(argument: String) {
        switch argument {
        case "approve": self = .approve
        case "deny": self = .deny
        case "ignore": self = .ignore
        case "ask": self = .ask
        default:
            if argument.hasPrefix("exec:"), argument.count > 5 {
                self = .program(String(argument.dropFirst(5)))
                return
            }
            if argument.hasPrefix("script:"), argument.count > 7 {
                self = .script(String(argument.dropFirst(7)))
                return
            }
            guard argument.hasPrefix("delay:"), let seconds = Double(argument.dropFirst(6)), seconds.isFinite,
                (0...3600).contains(seconds)
            else { return nil }
            self = .delay(.seconds(seconds))
        }
    }

    /// Whether the person would take a phone in hand for a QR code; `nil` where the gate has to be asked.
    var scans: Bool? {
        switch self {
        case .approve, .delay, .script: true
        case .deny, .ignore: false
        case .ask, .program: nil
        }
    }

    /// The gate.
    ///
    /// - Parameters:
    ///   - device: The name of the device that it is for, which a program is told.
    ///   - isOnlyDevice: Whether a person at the terminal knows which device it is about.
    ///   - approving: Who approves, if somebody does.
    ///   - clock: Measures delays.
    func gate(
        of device: String, isOnlyDevice: Bool = false, approving: any BiometricGate = ApprovingGate(),
        clock: any Clock<Duration> = ContinuousClock()
    ) throws(CommandFailure) -> any BiometricGate {
        switch self {
        case .approve: return approving
        case .deny: return DecliningGate()
        case .ignore: return IgnoringGate()
        case .program(let path): return try ProgramGate(path, device: device)
        case .script(let path):
            guard let data = FileManager.default.contents(atPath: path) else {
                throw CommandFailure("the gate's script \(path) cannot be read; check the path")
            }
            return ScriptGate(try GateScript(String(decoding: data, as: UTF8.self)), clock: clock)
        case .delay(let delay): return DelayedGate(after: delay, clock: clock, then: approving)
        case .ask:
            guard let gate = TerminalGate(device: isOnlyDevice ? "" : device) else {
                throw CommandFailure(
                    "there is no terminal to ask at; use the gate approve, deny, delay:SECONDS or exec:PROGRAM")
            }
            return gate
        }
    }
}

/// Tells an observer what the person decided.
struct ObservedGate: BiometricGate {
    let gate: any BiometricGate
    let asked: @Sendable (UserRequest) -> Void
    let decided: @Sendable (UserRequest, UserDecision) -> Void

    func decide(_ request: UserRequest) async -> UserDecision {
        asked(request)
        let decision = await gate.decide(request)
        decided(request, decision)
        return decision
    }

    func immediateDecision(_ request: UserRequest) -> UserDecision? {
        guard let decision = gate.immediateDecision(request) else { return nil }
        asked(request)
        decided(request, decision)
        return decision
    }
}

extension UserRequest {
    /// What is asked, in one sentence; names come from outside.
    var question: String {
        let action =
            switch reason {
            case .makeCredential(let id, _, let user):
                "make a passkey for \(user.map { "\($0) at " } ?? "")\(id)"
            case .getAssertion(let id): "log in to \(id)"
            case .unnamedRelyingParty(makesCredential: true): "make a passkey for a site that is not named yet"
            case .unnamedRelyingParty(makesCredential: false): "log in to a site that is not named yet"
            case .excludedCredential(let id): "show \(id) that a passkey exists already"
            case .selection: "use this authenticator"
            case .reset: "erase all passkeys"
            case .resetByLongTouch: "erase all passkeys (by a touch of five seconds)"
            case .management: "manage this authenticator's credentials and settings"
            case .enrollFinger(let samples): "enrol a finger (\(samples) more)"
            case .scan: "scan the QR code on the screen"
            }
        return action.printableInLine
    }
}
