import Foundation
import Glibc
import Testing

@testable import AikagiCommands

@Suite struct RunDirectoryTests {
    private func tunnel(_ directory: RunDirectory, port: Int, process: Int32 = getpid()) -> RunDirectory.RunningTunnel {
        RunDirectory.RunningTunnel(
            address: "127.0.0.1", port: port, domain: "cable.example", domainID: 266,
            ca: directory.tunnelCA(port: port), process: process)
    }

    @Test("The folder is the one asked for, else the user's own")
    func paths() {
        #expect(RunDirectory("/x", environment: ["XDG_RUNTIME_DIR": "/run/user/1"]).path == "/x")
        #expect(RunDirectory(nil, environment: ["XDG_RUNTIME_DIR": "/run/user/1"]).path == "/run/user/1/aikagi")
        #expect(RunDirectory(nil, environment: ["XDG_RUNTIME_DIR": "relative"]).path == "/tmp/aikagi-\(getuid())")
    }

    @Test("A second tunnel service neither replaces nor removes the announcement of the first")
    func twoTunnels() async throws {
        try await withScratchDirectory { folder in
            let directory = RunDirectory(folder)
            let first = tunnel(directory, port: 1)
            let second = tunnel(directory, port: 2)
            var running = try directory.runningTunnel()
            #expect(running == nil)
            let isFirstAnnounced = try directory.announce(first, caCertificate: "one")
            let isSecondAnnounced = try directory.announce(second, caCertificate: "two")
            #expect(isFirstAnnounced)
            #expect(!isSecondAnnounced)
            directory.withdraw(second)
            running = try directory.runningTunnel()
            #expect(running == first)
            #expect(try String(contentsOfFile: first.ca, encoding: .utf8) == "one")
            directory.withdraw(first)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    @Test("What a killed tunnel service left behind is not believed")
    func stale() async throws {
        try await withScratchDirectory { folder in
            let directory = RunDirectory(folder)
            // Process numbers end far below this one.
            var isAnnounced = try directory.announce(tunnel(directory, port: 1, process: .max), caCertificate: "one")
            #expect(isAnnounced)
            let running = try directory.runningTunnel()
            #expect(running == nil)
            isAnnounced = try directory.announce(tunnel(directory, port: 2), caCertificate: "two")
            #expect(isAnnounced)
        }
    }

    @Test("A folder of somebody else, and a file, are refused")
    func foreign() async throws {
        try await withScratchDirectory { folder in
            try Data().write(to: URL(filePath: folder + "/file"))
            #expect(throws: CommandFailure.self) { () throws in try createPrivateDirectory(folder + "/file/below") }
            guard getuid() == 0 else { return }
            let path = folder + "/foreign"
            try createPrivateDirectory(path)
            #expect(chown(path, 65534, 65534) == 0)
            let error = #expect(throws: CommandFailure.self) { () throws in try createPrivateDirectory(path) }
            #expect(error?.description.contains("belongs to another user") == true)
        }
    }
}
