import CredentialStorage
import Foundation
import SoftwareAuthenticator
import TestSupport
import Testing

@Suite("The key file")
struct StoreKeyTests {
    @Test("is made once, with mode 0600 and nothing beside it")
    func creation() throws {
        let workspace = try Workspace()
        var generator = SeededGenerator(seed: 1)
        let made = try StoreKey(fileAt: workspace.path("key"), using: &generator)
        #expect(try workspace.mode("key") == 0o600)
        #expect(try Data(contentsOf: workspace.directory.appending(path: "key")).count == 32)
        #expect(try FileManager.default.contentsOfDirectory(atPath: workspace.directory.path) == ["key"])
        #expect(try StoreKey(fileAt: workspace.path("key"), using: &generator) == made)
        #expect(try StoreKey(fileAt: workspace.path("key")) == made)
        #expect("\(made)" == "store key")
    }

    @Test("made by many at once is the same for all")
    func race() async throws {
        let workspace = try Workspace()
        let keys = try await withThrowingTaskGroup(of: StoreKey.self) { group in
            for _ in 0..<16 { group.addTask { try StoreKey(fileAt: workspace.path("key")) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let first = try #require(keys.first)
        #expect(keys.allSatisfy { $0 == first })
        #expect(try FileManager.default.contentsOfDirectory(atPath: workspace.directory.path) == ["key"])
    }

    @Test("that others can reach is refused", arguments: [0o640, 0o604, 0o620, 0o610, 0o644, 0o666])
    func permissions(mode: Int) throws {
        let workspace = try Workspace()
        let path = workspace.path("key")
        _ = try StoreKey(fileAt: path)
        try workspace.chmod("key", mode)
        let error = #expect(throws: StoreKeyError.accessibleToOthers(path: path, mode: UInt32(mode))) {
            try StoreKey(fileAt: path)
        }
        #expect(error?.description.hasSuffix("run: chmod 600 \(path)") == true)
        try workspace.chmod("key", 0o400)
        _ = try StoreKey(fileAt: path)
    }

    @Test("of another length is refused", arguments: [0, 31, 33, 85, 1000])
    func length(count: Int) throws {
        let workspace = try Workspace()
        let url = workspace.directory.appending(path: "key")
        try Data(repeating: 7, count: count).write(to: url)
        try workspace.chmod("key", 0o600)
        #expect(throws: StoreKeyError.wrongLength(path: url.path)) { try StoreKey(fileAt: url.path) }
    }

    @Test("that is a directory, or in a directory that does not exist, is refused")
    func paths() throws {
        let workspace = try Workspace()
        #expect(throws: StoreKeyError.notAFile(path: workspace.directory.path)) {
            try StoreKey(fileAt: workspace.directory.path)
        }
        let path = workspace.path("missing/key")
        #expect(throws: StoreKeyError.file(path: path, reason: "No such file or directory")) {
            try StoreKey(fileAt: path)
        }
    }

    @Test("bytes of another length are no key")
    func bytes() {
        #expect(StoreKey(SecretBytes([UInt8](repeating: 1, count: 31))) == nil)
        #expect(StoreKey(SecretBytes([UInt8](repeating: 1, count: 33))) == nil)
    }
}
