import Foundation
import Glibc
import ProgramRunner
import SoftwareAuthenticator

/// Asks a program, which answers by its exit status: 0 approves, 1 declines, 2 fails the verification, anything else does
/// not react.
///
/// It gets one JSON object on standard input: `device`, `action` (`makeCredential`, `getAssertion`, `excludedCredential`,
/// `selection`, `reset`, `resetByLongTouch`, `scan`, `management`,
/// `enrollFinger` with `remainingSamples`), `relyingPartyID`, `userName`, `needsVerification`, `question`. It is ended when the question is
/// withdrawn.
struct ProgramGate: BiometricGate {
    private let path: String
    private let device: String

    /// A gate for a program that can be executed.
    ///
    /// - Parameter path: A path, or a name that is searched in PATH.
    init(_ path: String, device: String) throws(CommandFailure) {
        let found = path.contains("/") ? (access(path, X_OK) == 0 ? path : nil) : HostCheck.find(path)
        guard let found else {
            throw CommandFailure("the gate's program '\(path)' cannot be executed; give the path of a program")
        }
        self.path = found
        self.device = device
    }

    func decide(_ request: UserRequest) async -> UserDecision {
        let question = GateQuestion(request, device: device)
        do {
            let input = try JSONEncoder().encode(question)
            switch try await HelperProgram([path]).run(input: Array(input)) {
            case 0: return .approved
            case 1: return .denied
            case 2: return .verificationFailed
            default: return .timedOut
            }
        } catch {
            Console.standard.error("the gate's program \(path) failed: \(error)")
            return .timedOut
        }
    }
}
