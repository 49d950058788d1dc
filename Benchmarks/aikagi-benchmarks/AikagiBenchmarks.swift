import CTAP
import CredentialStorage
import Crypto
import Foundation
import GRDB
import SoftwareAuthenticator
import WebAuthnModel

/// Measures authenticator and portal in ratios to what nothing can beat: a bare signature, a bare insert, a bare
/// verification.
///
/// Each ratio is the median of those of interleaved rounds, so that whatever else the machine does, and a clock that changes in
/// the middle, touches both alike. Without arguments every part is measured, else those that are named.
@main
struct AikagiBenchmarks {
    private enum Part: String, CaseIterable {
        case commands, many, disk, doors, start, logins
    }

    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if let echo = DoorEcho(arguments: arguments) { echo.run() }
        if let key = ServedKey(arguments: arguments) { try await key.run() }
        let parts = arguments.compactMap(Part.init(rawValue:))
        guard parts.count == arguments.count else {
            print("name parts, or none for all: \(Part.allCases.map(\.rawValue).joined(separator: ", "))")
            exit(2)
        }
        var isGood = true
        for part in parts.isEmpty ? Part.allCases : parts {
            var table = Table()
            switch part {
            case .commands: try await inProcess(&table)
            case .many: try await manyCredentials(&table)
            case .disk: try await durable(&table)
            case .doors: try await doors(&table)
            case .start: try await start(&table)
            case .logins: try await logins(&table)
            }
            table.print()
            isGood = isGood && table.isGood
        }
        exit(isGood ? 0 : 1)
    }

    private static let clientDataHash = [UInt8](repeating: 0xCD, count: 32)

    /// The program of `AIKAGI` in the environment, or the one beside this.
    static var aikagi: String {
        ProcessInfo.processInfo.environment["AIKAGI"]
            ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path + "/aikagi"
    }

    static func authenticator(_ store: any CredentialStore) -> Authenticator {
        var configuration = Authenticator.Configuration(flavour: .securityKey, verifiesUser: false)
        configuration.resetWindow = nil
        return Authenticator(configuration: configuration, store: store, gate: ApprovingGate())
    }

    static func registration(_ number: Int, discoverable: Bool, relyingPartyID: String = "bench.example")
        -> CTAPRequest
    {
        MakeCredentialRequest(
            clientDataHash: clientDataHash,
            relyingParty: PublicKeyCredentialRelyingPartyEntity(id: relyingPartyID, name: nil),
            user: PublicKeyCredentialUserEntity(id: Array("\(number)".utf8), name: "user \(number)"),
            pubKeyCredParams: [PublicKeyCredentialParameters(.es256)],
            options: AuthenticatorOptions(discoverable: discoverable ? true : nil)
        ).request
    }

    static func login(_ relyingPartyID: String = "bench.example") -> CTAPRequest {
        GetAssertionRequest(relyingPartyID: relyingPartyID, clientDataHash: clientDataHash).request
    }

    private static func send(_ request: CTAPRequest, to authenticator: Authenticator) async {
        let response = await authenticator.respond(to: request, in: CTAPRequestContext())
        guard response.status == .success else { fatalError("\(request.command) answered \(response.status)") }
    }

    /// The commands themselves, beside a signature of the same library.
    private static func inProcess(_ table: inout Table) async throws {
        let key = P256.Signing.PrivateKey()
        let message = [UInt8](repeating: 7, count: 100)
        let authenticator = authenticator(MemoryCredentialStore())
        await send(registration(0, discoverable: true), to: authenticator)
        let (create, get) = (registration(1, discoverable: false), login())
        let times = try await interleaved(
            rounds: 2000,
            [
                { _ = try key.signature(for: message) }, { await send(get, to: authenticator) },
                { await send(create, to: authenticator) },
            ])
        table.add("getAssertion, discoverable, in memory", times[1], floor: times[0], "an ES256 signature", limit: 1.6)
        table.add("makeCredential, self attestation", times[2], floor: times[0], "an ES256 signature", limit: 3)
    }

    /// What it costs to find one credential among many.
    private static func manyCredentials(_ table: inout Table) async throws {
        let (few, many) = (MemoryCredentialStore(), MemoryCredentialStore(capacity: 200_000))
        var generator = SystemRandomNumberGenerator()
        let key = try CredentialPrivateKey(generating: .es256, using: &generator)
        func fill(_ store: MemoryCredentialStore, _ count: Int, ownCount: Int) async throws {
            for number in 0..<count {
                let own = number < ownCount
                try store.save(
                    CredentialSource(
                        id: Array("credential \(number)".utf8),
                        relyingPartyID: own ? "bench.example" : "site-\(number / 10).example",
                        userHandle: Array("\(number)".utf8), privateKey: key, isDiscoverable: true))
            }
        }
        try await fill(few, 10, ownCount: 10)
        try await fill(many, 100_000, ownCount: 1000)
        let (one, other) = (authenticator(few), authenticator(many))
        let get = login()
        let times = try await interleaved(
            rounds: 1000, [{ await send(get, to: one) }, { await send(get, to: other) }])
        table.add("getAssertion among 100,000 (1,000 own)", times[1], floor: times[0], "among ten", limit: 1.5)
    }

    /// What is on disk when it is answered.
    private static func durable(_ table: inout Table) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/aikagi-benchmark-\(UUID())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }  // a benchmark's folder; nothing depends on it
        var configuration = Configuration()
        configuration.journalMode = .wal
        let queue = try DatabaseQueue(path: folder + "/plain.sqlite", configuration: configuration)
        try await queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL; CREATE TABLE row (id INTEGER PRIMARY KEY, data BLOB)")
        }
        let store = try SQLiteCredentialStore(
            path: folder + "/store.sqlite", keyFileAt: folder + "/store.key", capacity: 100_000)
        let authenticator = authenticator(store)
        let data = Data(repeating: 3, count: 400)
        let counter = Counter()
        let get = login()
        let times = try await interleaved(
            rounds: 300,
            [
                {
                    try await queue.write { db in
                        try db.execute(sql: "INSERT INTO row (data) VALUES (?)", arguments: [data])
                    }
                }, { await send(registration(counter.next(), discoverable: true), to: authenticator) },
                { await send(get, to: authenticator) },
            ])
        table.add("makeCredential, on disk", times[1], floor: times[0], "an insert, synchronised", limit: 1.5)
        table.add("getAssertion from disk", times[2], floor: times[0], "an insert, synchronised", limit: 1)
        try await manyOnDisk(&table, in: folder)
    }

    /// What it costs to find one credential among many in a store.
    private static func manyOnDisk(_ table: inout Table, in folder: String) async throws {
        var generator = SystemRandomNumberGenerator()
        let key = try CredentialPrivateKey(generating: .es256, using: &generator)
        func authenticator(among count: Int, ownCount: Int) async throws -> Authenticator {
            let path = folder + "/\(count).sqlite"
            let store = try SQLiteCredentialStore(path: path, keyFileAt: path + ".key", capacity: 200_000)
            let credentials = (0..<count).map { number in
                CredentialSource(
                    id: Array("credential \(number)".utf8),
                    relyingPartyID: number < ownCount ? "bench.example" : "site-\(number / 10).example",
                    userHandle: Array("\(number)".utf8), privateKey: key, isDiscoverable: true)
            }
            _ = try await store.import(
                StoreExport(credentials: credentials, wrappingKey: nil, signatureCounter: 0))
            return Self.authenticator(store)
        }
        let few = try await authenticator(among: 10, ownCount: 10)
        let many = try await authenticator(among: 100_000, ownCount: 1000)
        let get = login()
        let times = try await interleaved(
            rounds: 1000, [{ await send(get, to: few) }, { await send(get, to: many) }])
        table.add("… among 100,000 (1,000 own)", times[1], floor: times[0], "among ten", limit: 1.5)
    }

    /// What each action takes, in nanoseconds; one after the other in each round.
    ///
    /// Of the first the median; of each other one as many times that as it takes in the median round.
    static func interleaved(
        rounds: Int, _ actions: [() async throws -> Void]
    ) async throws -> [Double] {
        var samples: [[Double]] = actions.map { _ in [] }
        for round in 0..<rounds + rounds / 10 {
            for (index, action) in actions.enumerated() {
                let start = ContinuousClock.now
                try await action()
                let time = start.duration(to: .now) / .nanoseconds(1)
                // The first tenth warms up.
                if round >= rounds / 10 { samples[index].append(time) }
            }
        }
        func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
        let floor = median(samples[0])
        return samples.map { times in median(zip(times, samples[0]).map { $0 / $1 }) * floor }
    }
}
