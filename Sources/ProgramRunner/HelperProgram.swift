import CLinuxProcess
import Dispatch
import FoundationEssentials
import Glibc
import HIDTransport
import Synchronization

/// A program that is asked one thing: it gets bytes on standard input, and its exit status is the answer.
///
/// Its standard output and error are ours.
public struct HelperProgram: Sendable {
    private let arguments: [String]

    /// A program by its path, and its arguments.
    public init(_ arguments: [String]) { self.arguments = arguments }

    /// Runs it; it is ended when the task is cancelled.
    ///
    /// - Parameter input: At most 64 KiB, a pipe's capacity.
    /// - Returns: The exit status, or 128 and the number of the signal that ended it.
    /// - Throws: ``LaunchError``.
    public func run(input: [UInt8]) async throws(LaunchError) -> Int32 {
        try await prepare(input).runUntilCancelled()
    }

    /// The process, which alone holds both ends of the pipe: once it runs, none is open here.
    private func prepare(_ input: [UInt8]) throws(LaunchError) -> ChildProcess {
        let program = arguments.first ?? ""
        guard access(program, X_OK) == 0 else { throw .notStarted(program: program, errorNumber: errno) }
        var ends: [CInt] = [-1, -1]
        guard aikagi_pipe(&ends) == 0 else { throw .noResource("a pipe", errorNumber: errno) }
        let (reader, writer) = (SocketDescriptor(takingOver: ends[0]), SocketDescriptor(takingOver: ends[1]))
        guard write(writer.number, input, input.count) == input.count else {
            throw .noResource("a pipe", errorNumber: errno)
        }
        var plan = ChildProcess.Plan(
            arguments: ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--"] + arguments,
            environment: ProcessInfo.processInfo.environment, inheritedDescriptors: [],
            defaultSignals: ChildProcess.Plan.signalsOfAnyProgram)
        plan.inputDescriptor = reader.number
        plan.printsToStandardError = true
        plan.handedOver = [reader, writer]
        return ChildProcess(plan)
    }
}

extension ChildProcess {
    /// Runs the process, and sends SIGTERM when the task is cancelled.
    func runUntilCancelled() async throws(LaunchError) -> Int32 {
        let isCancelled = Atomic(false)
        let outcome: Result<Int32, LaunchError> = await withTaskCancellationHandler {
            do throws(LaunchError) {
                // A cancellation that came before there was a process could not reach it.
                return .success(
                    try await run { [self] in if isCancelled.load(ordering: .acquiring) { signal(SIGTERM) } })
            } catch {
                return .failure(error)
            }
        } onCancel: {
            isCancelled.store(true, ordering: .releasing)
            signal(SIGTERM)
            // One that does not mind is not waited for.
            DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(2)) { [self] in signal(SIGKILL) }
        }
        return try outcome.get()
    }
}
