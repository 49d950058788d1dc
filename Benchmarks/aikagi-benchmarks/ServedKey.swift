import Foundation
import HIDTransport
import SoftwareAuthenticator

/// What `aikagi key` does, as far as the doors' speed is concerned: so that it can be measured without building all of `aikagi`.
struct ServedKey {
    static let name = "key"

    private let path: String

    /// `key --json --udp 0 --tcp 0 --unix PATH`.
    init?(arguments: [String]) {
        guard arguments.first == ServedKey.name, let path = arguments.last else { return nil }
        self.path = path
    }

    /// Serves until the process is ended.
    func run() async throws {
        let authenticator = AikagiBenchmarks.authenticator(MemoryCredentialStore())
        let key = DoorKey(authenticator: authenticator, power: KeyPower { await authenticator.powerCycle() })
        try await DoorThread.run { thread in
            let datagrams = try DatagramDoor(host: "127.0.0.1", port: 0)
            let stream = try StreamDoor(host: "127.0.0.1", port: 0)
            let local = try StreamDoor(path: path)
            print(#"{"door":"udp","port":\#(datagrams.port)}"#)
            print(#"{"door":"tcp","port":\#(stream.port)}"#)
            print(#"{"door":"unix","path":"\#(path)"}"#)
            fflush(nil)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await datagrams.run(for: key, on: thread) }
                group.addTask { try await stream.run(for: key, on: thread) }
                group.addTask { try await local.run(for: key, on: thread) }
                try await group.waitForAll()
            }
        }
    }
}
