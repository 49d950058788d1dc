import ArgumentParser
import CredentialStorage
import HIDTransport
import ProgramRunner
import SoftwareAuthenticator

/// `aikagi with`.
struct WithCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "with",
        abstract: "Run an unmodified program that sees our security keys.",
        discussion: """
            The program runs in a user and mount namespace of its own in which each key is a /dev/hidraw device; nothing else \
            changes for it: terminal, working directory, signals and exit status are its own. No root, kernel module or \
            hardware is needed, but unprivileged user namespaces, /dev/fuse and bubblewrap. For testing: whoever runs this \
            decides what the keys approve.

            Programs that open /dev/hidraw* see them: Chromium, Chrome, Firefox, python-fido2. libfido2's tools insist on a \
            character device and do not.

            Examples:
              aikagi with --key -- python3 script.py
              aikagi with --key -- firefox https://webauthn.io
              aikagi with --key platform,gate=ask -- chromium
              aikagi with --key name=one --key name=two,gate=deny -- ./test

            Exit status: the program's, or 128 and the number of the signal that ended it; 1 when it could not be run.
            """)

    @Option(name: .customLong("key"), help: KeyArgument.help)
    var keys: [KeyArgument] = []

    @Argument(
        parsing: .postTerminator, help: ArgumentHelp("After --: the program and its arguments.", valueName: "command"))
    var command: [String] = []

    func validate() throws {
        guard !command.isEmpty else {
            throw ValidationError("give the program to run after --, for example -- firefox")
        }
        guard !keys.isEmpty else { throw ValidationError("give at least one --key for the program to see") }
    }

    func run() async throws {
        let status: Int32
        do {
            status = try await runProgram()
        } catch {
            Console.standard.error("\(error)")
            throw ExitCode(ExitStatus.failure)
        }
        throw ExitCode(status)
    }

    private func runProgram() async throws -> Int32 {
        let tools = try await HostCheck.run()
        let authenticators = try keys.map { try authenticator(for: $0) }
        let launcher = try NamespaceLauncher(
            keys: keys.map { VirtualKey(name: $0.name) }, command: command, tools: tools)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for (authenticator, channel) in zip(authenticators, launcher.channels) {
                group.addTask { try await CTAPHIDServer(authenticator: authenticator, channel: channel).run() }
            }
            defer { group.cancelAll() }
            return try await launcher.run()
        }
    }

    private func authenticator(for key: KeyArgument) throws -> Authenticator {
        let store: any CredentialStore =
            if let path = key.store {
                try SQLiteCredentialStore(path: path, keyFileAt: path + ".key")
            } else {
                MemoryCredentialStore()
            }
        return Authenticator(
            configuration: Authenticator.Configuration(flavour: key.flavour), store: store, gate: try key.gate.gate(),
            reportFailure: { Console.standard.error("\($0)") })
    }
}
