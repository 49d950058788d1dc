import CertificateAuthority
import Foundation
import Glibc
import Testing

@testable import ProgramRunner

@Suite(.timeLimit(.minutes(1)), .enabled(if: HostCheck.find("certutil") != nil, "certutil (libnss3-tools) is missing"))
struct TrustStoreTests {
    private let certutil: String
    private let authorityPEM: String

    init() throws {
        certutil = try #require(HostCheck.find("certutil"))
        authorityPEM = try ThrowawayCertificateAuthority(now: .now).certificatePEM
    }

    private func run(_ arguments: [String], output: String? = nil) async throws -> Int32 {
        try await ChildProcess(
            ChildProcess.Plan(
                arguments: [certutil] + arguments, environment: ["LC_ALL": "C"], inheritedDescriptors: [],
                defaultSignals: [], isQuiet: true, outputPath: output)
        ).run()
    }

    /// What a store trusts: a line each, name and trust.
    private func list(_ folder: String, in scratch: String) async throws -> [String] {
        let output = scratch + "/list-\(UUID())"
        #expect(try await run(["-L", "-d", "sql:" + folder], output: output) == 0)
        return try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n").dropFirst(2).map {
            $0.split(separator: " ").joined(separator: " ")
        }
    }

    private func make(in scratch: String) async throws -> TrustStore {
        try await TrustStore(
            folder: scratch + "/copy", home: scratch, authorityPEM: authorityPEM, certutil: certutil)
    }

    @Test("Without a store of the user's there is a new one, which takes the first place")
    func new() async throws {
        try await withFolder { scratch in
            let store = try await make(in: scratch)
            #expect(store.place == scratch + "/.pki/nssdb")
            #expect(store.folder == scratch + "/copy")
            #expect(try await list(store.folder, in: scratch) == ["aikagi C,,"])
            #expect(!exists(store.place))
            let made = [scratch + "/.pki/nssdb", scratch + "/.pki"]
            let (folders, lock) = try store.makePlace()
            #expect(folders == made)
            #expect(exists(store.place))
            // Whoever comes next cannot know who will be the last; nobody removes what another uses.
            #expect(try store.makePlace().made == made)
            let descriptor = open(store.place, O_RDONLY)
            #expect(flock(descriptor, LOCK_EX | LOCK_NB) == -1)
            close(descriptor)
            withExtendedLifetime(lock) {}
        }
    }

    @Test("What the user trusts is trusted still, wherever it is kept, and the user's store stays", arguments: 0..<2)
    func copy(place: Int) async throws {
        try await withFolder { scratch in
            let folder = scratch + "/" + TrustStore.places[place]
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(try ThrowawayCertificateAuthority(now: .now).certificatePEM.utf8)
                .write(to: URL(filePath: scratch + "/own.pem"))
            #expect(try await run(["-N", "-d", "sql:" + folder, "--empty-password"]) == 0)
            let arguments = ["-A", "-d", "sql:" + folder, "-n", "own", "-t", "C,,", "-i", scratch + "/own.pem"]
            #expect(try await run(arguments) == 0)
            let before = FileManager.default.contents(atPath: folder + "/cert9.db")
            let store = try await make(in: scratch)
            #expect(store.place == folder)
            #expect(try await list(store.folder, in: scratch).sorted() == ["aikagi C,,", "own C,,"])
            #expect(FileManager.default.contents(atPath: folder + "/cert9.db") == before)
            #expect(try store.makePlace().made.isEmpty)
        }
    }

    @Test("A store that has a password of the user's is replaced for the program, and nobody is asked for it")
    func password() async throws {
        try await withFolder { scratch in
            let folder = scratch + "/.pki/nssdb"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data("secret\n".utf8).write(to: URL(filePath: scratch + "/password"))
            #expect(try await run(["-N", "-d", "sql:" + folder, "-f", scratch + "/password"]) == 0)
            let store = try await make(in: scratch)
            #expect(store.place == folder)
            #expect(try await list(store.folder, in: scratch) == ["aikagi C,,"])
        }
    }

    @Test("A damaged store is replaced likewise")
    func damaged() async throws {
        try await withFolder { scratch in
            let folder = scratch + "/.pki/nssdb"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data("no database".utf8).write(to: URL(filePath: folder + "/cert9.db"))
            let store = try await make(in: scratch)
            #expect(try await list(store.folder, in: scratch) == ["aikagi C,,"])
        }
    }

    @Test("What cannot be made says so")
    func failures() async throws {
        try await withFolder { scratch in
            await #expect(throws: SurroundingsError.noTrust(folder: scratch + "/one")) {
                try await TrustStore(
                    folder: scratch + "/one", home: scratch, authorityPEM: "nonsense", certutil: certutil)
            }
            await #expect(throws: SurroundingsError.noTrust(folder: scratch + "/two")) {
                try await TrustStore(
                    folder: scratch + "/two", home: scratch, authorityPEM: authorityPEM, certutil: "/nonexistent")
            }
            try Data().write(to: URL(filePath: scratch + "/file"))
            await #expect {
                try await TrustStore(
                    folder: scratch + "/file/three", home: scratch, authorityPEM: authorityPEM, certutil: certutil)
            } throws: { error in
                guard case SurroundingsError.notWritten(path: scratch + "/file/three", _) = error else { return false }
                return true
            }
        }
    }
}
