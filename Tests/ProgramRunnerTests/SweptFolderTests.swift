import Foundation
import Glibc
import Testing

@testable import ProgramRunner

@Suite(.timeLimit(.minutes(1))) struct SweptFolderTests {
    private struct Failure: Error {}

    /// The process that waits to remove a folder.
    private static func sweeper(of path: String) -> pid_t? {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        for process in processes.compactMap({ pid_t($0) }) {
            let words = (FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()).split(separator: 0)
                .map { String(decoding: $0, as: UTF8.self) }
            if words.contains("aikagi-sweeper"), words.contains(path) { return process }
        }
        return nil
    }

    @Test("The folder is this user's alone, is named after this process, and is gone when the body has ended")
    func success() async throws {
        try await withFolder { parent in
            let path = try await SweptFolder.use(in: parent, prefix: "session-") { folder in
                var status = stat()
                #expect(stat(folder.path, &status) == 0)
                #expect(status.st_mode & 0o7777 == 0o700)
                #expect(folder.path.hasPrefix("\(parent)/session-\(getpid())-"))
                try createFiles(in: folder.path)
                return folder.path
            }
            #expect(!exists(path))
            #expect(exists(parent))
        }
    }

    @Test("The folder is gone when the body fails")
    func failure() async throws {
        try await withFolder { parent in
            await #expect(throws: Failure.self) {
                try await SweptFolder.use(in: parent, prefix: "session-") { folder in
                    try createFiles(in: folder.path)
                    throw Failure()
                }
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: parent)
            #expect(left.isEmpty)
        }
    }

    @Test("The folder is gone when the body is cancelled")
    func cancellation() async throws {
        try await withFolder { parent in
            let (begun, begins) = AsyncStream.makeStream(of: Void.self)
            let task = Task {
                try await SweptFolder.use(in: parent, prefix: "session-") { folder in
                    try createFiles(in: folder.path)
                    begins.yield()
                    try await Task.sleep(for: .seconds(3600))
                }
            }
            for await _ in begun { break }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let left = try FileManager.default.contentsOfDirectory(atPath: parent)
            #expect(left.isEmpty)
        }
    }

    @Test("The folder is gone even if the process that waits for that was killed")
    func killedSweeper() async throws {
        try await withFolder { parent in
            try await SweptFolder.use(in: parent, prefix: "session-") { folder in
                try createFiles(in: folder.path)
                let process = try #require(Self.sweeper(of: folder.path))
                #expect(kill(process, SIGKILL) == 0)
                _ = signal(SIGPIPE, SIG_IGN)
                #expect(mkdir(parent + "/made", 0o700) == 0)
                folder.alsoRemove([parent + "/made"])
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: parent)
            #expect(left.isEmpty)
        }
    }

    @Test(
        "The sweeper minds no signal that ends programs politely",
        arguments: [SIGHUP, SIGINT, SIGQUIT, SIGTERM])
    func stubbornSweeper(signal: Int32) async throws {
        try await withFolder { parent in
            let other = parent + "/other"
            try await SweptFolder.use(in: parent, prefix: "session-") { folder in
                let process = try #require(Self.sweeper(of: folder.path))
                // It has begun to ignore signals once it waits, which it does in a process of its own.
                while !Self.ignores(process, signal) { await Task.yield() }
                #expect(kill(process, signal) == 0)
                #expect(mkdir(other, 0o700) == 0)
                folder.alsoRemove([other])
            }
            // We ourselves would not have removed this one.
            #expect(!exists(other))
        }
    }

    private static func ignores(_ process: pid_t, _ signal: Int32) -> Bool {
        let status = String(
            decoding: FileManager.default.contents(atPath: "/proc/\(process)/status") ?? Data(), as: UTF8.self)
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("SigIgn:") }),
            let mask = UInt64(line.split(separator: "\t").last ?? "", radix: 16)
        else { return false }
        return mask >> UInt64(signal - 1) & 1 == 1
    }

    @Test("Folders that were made elsewhere go if they are empty, the innermost first, and stay if not")
    func madeFolders() async throws {
        try await withFolder { parent in
            let made = ["/pki", "/pki/nss db", "/used", "/used/inner"].map { parent + $0 }
            try await SweptFolder.use(in: parent, prefix: "session-") { folder in
                for path in made { #expect(mkdir(path, 0o700) == 0) }
                try Data().write(to: URL(filePath: parent + "/used/file"))
                folder.alsoRemove([])
                folder.alsoRemove([made[1], made[0]])
                folder.alsoRemove([made[3], made[2]])
            }
            #expect(!exists(parent + "/pki"))
            #expect(!exists(parent + "/used/inner"))
            #expect(exists(parent + "/used/file"))
        }
    }

    @Test("Folders that were made elsewhere stay while somebody has a lock on them")
    func lockedFolder() async throws {
        try await withFolder { parent in
            let made = parent + "/made"
            #expect(mkdir(made, 0o700) == 0)
            let descriptor = open(made, O_RDONLY | O_CLOEXEC)
            #expect(flock(descriptor, LOCK_SH) == 0)
            try await SweptFolder.use(in: parent, prefix: "session-") { $0.alsoRemove([made]) }
            #expect(exists(made))
            close(descriptor)
            try await SweptFolder.use(in: parent, prefix: "session-") { $0.alsoRemove([made]) }
            #expect(!exists(made))
        }
    }

    @Test("A tunnel service that was announced for the folder is announced no longer", arguments: [true, false])
    func announcement(isOurs: Bool) async throws {
        try await withFolder { parent in
            let file = parent + "/tunnel.json"
            try await SweptFolder.use(in: parent, prefix: "session-") { folder in
                let place = isOurs ? folder.path : "/elsewhere"
                try Data("{\"ca\": \"\(place)/tunnel-ca.pem\"}".utf8).write(to: URL(filePath: file))
            }
            #expect(exists(file) == !isOurs)
        }
    }

    @Test("A folder that cannot be made is an error that says where")
    func noParent() async {
        await #expect {
            try await SweptFolder.use(in: "/nonexistent", prefix: "session-") { _ in }
        } throws: { error in
            guard case LaunchError.notWritten(path: "/nonexistent", _) = error else { return false }
            return true
        }
    }
}

private func createFiles(in path: String) throws {
    try FileManager.default.createDirectory(atPath: path + "/a/b", withIntermediateDirectories: true)
    try Data([1]).write(to: URL(filePath: path + "/a/b/c"))
}
