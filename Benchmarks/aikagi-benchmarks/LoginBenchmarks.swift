import CDoorClient
import Crypto
import Foundation
import GRDB
import RelyingParty
import WebAuthnModel

extension AikagiBenchmarks {
    private struct Listening: Decodable {
        let url: String
    }

    /// Logins by passkey at `aikagi portal`, beside bare verifications of such a signature.
    ///
    /// The portal has one core to itself, the visitors have the others (or the same, where there is only one). A login is two
    /// requests on a connection that is kept: options, response. Accounts and sessions are in the portal's database, and each
    /// login is on disk before it is answered. The limit is 500 logins a second, 2 ms each, on a machine that verifies in
    /// 0.04 ms. The processor time tells what the core could do if it waited neither for the disk nor for other programs.
    static func logins(_ table: inout Table) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/aikagi-benchmark-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: folder) }  // a benchmark's folder; nothing depends on it
        guard aikagi_door_pin(AIKAGI_DOOR_FIRST_CORE) == 0 else {
            fatalError("the benchmark may not choose its core")
        }
        defer { _ = aikagi_door_pin(AIKAGI_DOOR_ALL_CORES) }
        let portal = try Child(aikagi, ["portal", "--data", folder, "--port", "0", "--json"])
        defer { portal.end() }
        let url = try JSONDecoder().decode(Listening.self, from: Data(portal.line().utf8)).url
        guard aikagi_door_pin(AIKAGI_DOOR_OTHER_CORES) == 0,
            let port = url.split(separator: ":").last.flatMap({ UInt16($0) })
        else { throw DoorClient.Failure(description: "\(url) names no port") }
        let passkeys = (0..<8).map(BenchmarkPasskey.init)
        try await add(passkeys, to: folder + "/portal.sqlite")
        let visitors = try passkeys.map { try PortalVisitor(port: port, origin: url, passkey: $0) }

        let key = P256.Signing.PrivateKey()
        let message = [UInt8](repeating: 7, count: 69)
        let signature = try key.signature(for: message)
        let counter = Counter()
        let start = try portal.processorTime()
        let times = try await interleaved(
            rounds: 200,
            [
                {
                    for _ in 0..<visitors.count {
                        guard key.publicKey.isValidSignature(signature, for: message) else { fatalError("not valid") }
                    }
                },
                {
                    for visitor in visitors { try visitor.begin() }
                    for visitor in visitors { try visitor.answer() }
                    for visitor in visitors { try visitor.finish() }
                    _ = counter.next()
                },
            ]
        ).map { $0 / Double(visitors.count) }
        let processorTime = try portal.processorTime() - start
        let loginCount = Double((counter.next() - 1) * visitors.count)
        table.add(
            "login by passkey, \(Int(1_000_000_000 / times[1])) a second", times[1], floor: times[0],
            "an ES256 verification", limit: 50)
        table.add(
            "… the portal's processor time", processorTime / loginCount, floor: times[0], "an ES256 verification",
            limit: 50)
    }

    /// Writes accounts that are through with chapter 1, a passkey each, into a portal's database.
    private static func add(_ passkeys: [BenchmarkPasskey], to path: String) async throws {
        let queue = try DatabaseQueue(path: path)
        try await queue.write { database in
            for (number, passkey) in passkeys.enumerated() {
                try database.execute(
                    sql: """
                        INSERT INTO account (userID, userHandle, name, dateOfBirth, passwordHash, firstLoginStep, method, createdAt)
                        VALUES (?, ?, 'A Name', '1980-02-29', '', 'complete', 'passkey', 0)
                        """, arguments: ["user-\(number)", Data(passkey.userHandle)])
                let record = passkey.record
                try database.execute(
                    sql: """
                        INSERT INTO passkey (credentialID, accountID, record, attestationFormat, name, createdAt)
                        VALUES (?, ?, ?, 'none', 'A Key', 0)
                        """,
                    arguments: [
                        Data(record.id.bytes), database.lastInsertedRowID,
                        String(decoding: try JSONEncoder().encode(record), as: UTF8.self),
                    ])
            }
        }
        try queue.close()
    }
}
