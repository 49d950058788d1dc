import Foundation
import GRDB
import SoftwareAuthenticator
import TestSupport
import Testing

@testable import CredentialStorage

/// Stores as earlier versions made them: their statements, letter for letter, and rows as they wrote them.
@Suite("Stores of earlier schemas")
struct OlderStoreTests {
    /// What each version of the schema added, and the name it is known by.
    private static let schemas: [(migration: String, statements: String)] = [
        (
            "1 credentials, settings, counter",
            """
            CREATE TABLE credential (
                position INTEGER PRIMARY KEY AUTOINCREMENT,
                id BLOB NOT NULL UNIQUE,
                relyingPartyID BLOB NOT NULL,
                accountTag BLOB NOT NULL UNIQUE,
                algorithm INTEGER NOT NULL,
                sealed BLOB NOT NULL
            ) STRICT;
            CREATE INDEX credentialByRelyingParty ON credential (relyingPartyID, position);
            CREATE TABLE setting (
                name TEXT NOT NULL PRIMARY KEY,
                sealed BLOB NOT NULL
            ) STRICT;
            CREATE TABLE signatureCounter (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                value INTEGER NOT NULL CHECK (value BETWEEN 0 AND 4294967295)
            ) STRICT;
            INSERT INTO signatureCounter (id, value) VALUES (1, 0);
            """
        ),
        (
            "2 protection, changes, reserved counters",
            """
            ALTER TABLE credential ADD COLUMN protection INTEGER NOT NULL DEFAULT 1;
            DROP INDEX credentialByRelyingParty;
            CREATE INDEX credentialByRelyingParty ON credential (relyingPartyID, protection, position);
            CREATE TABLE changeCount (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                value INTEGER NOT NULL
            ) STRICT;
            INSERT INTO changeCount (id, value) VALUES (1, 0);
            """
        ),
        (
            "3 credentials in CBOR, insertions that count themselves",
            """
            -- Nothing.
            """
        ),
    ]

    /// A database as it was when a version of the schema was the newest.
    private static func database(_ path: String, version: Int) throws -> DatabaseQueue {
        let queue = try DatabaseQueue(path: path)
        try queue.write { db in
            try db.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
            for (migration, statements) in schemas.prefix(version) {
                try db.execute(sql: statements)
                try db.execute(sql: "INSERT INTO grdb_migrations VALUES (?)", arguments: [migration])
            }
        }
        return queue
    }

    private static func seal(_ text: String, _ row: RowIdentity) throws -> Data {
        try seal(Array(text.utf8), row)
    }

    private static func seal(_ bytes: [UInt8], _ row: RowIdentity) throws -> Data {
        try StoreCipher(try Workspace.key(1)).seal(bytes, boundTo: row)
    }

    /// What a version seals of a credential of ann's, whose key is the scalar 1.
    private static func secrets(version: Int) throws -> [UInt8] {
        guard version < 3 else {
            return try #require(
                [UInt8](
                    hex: "a401" + "5820" + String(repeating: "0", count: 63) + "1" + "02420405" + "0363616e6e" + "0903")
            )
        }
        let key = String(repeating: "A", count: 42) + "E"
        let protection = version == 2 ? ",\"protection\":3" : ""
        return Array("{\"privateKey\":\"\(key)\",\"userHandle\":\"BAU\",\"userName\":\"ann\"\(protection)}".utf8)
    }

    @Test("open, and have everything", arguments: 1...schemas.count)
    func opening(version: Int) async throws {
        let workspace = try Workspace()
        let path = workspace.path("store.sqlite")
        let (id, relyingPartyID): ([UInt8], String) = ([1, 2, 3], "manual.example")
        do {
            let old = try Self.database(path, version: version)
            try await old.write { db in
                let cipher = StoreCipher(try Workspace.key(1))
                try db.execute(
                    sql: """
                        INSERT INTO credential (id, relyingPartyID, accountTag, algorithm, sealed) VALUES (?, ?, ?, -7, ?)
                        """,
                    arguments: [
                        Data(id), Data(relyingPartyID.utf8),
                        cipher.accountTag(relyingPartyID: relyingPartyID, userHandle: [4, 5]),
                        try Self.seal(
                            Self.secrets(version: version),
                            .credential(id: id, relyingPartyID: relyingPartyID, algorithm: -7)),
                    ])
                if version >= 2 { try db.execute(sql: "UPDATE credential SET protection = 3") }
                for (name, value) in [("keyCheck", ""), ("wrappingKey", "a wrapping key")] {
                    try db.execute(
                        sql: "INSERT INTO setting (name, sealed) VALUES (?, ?)",
                        arguments: [name, try Self.seal(value, .setting(name))])
                }
                try db.execute(sql: "UPDATE signatureCounter SET value = 41")
                // More than there are credentials: some were deleted.
                if version == 2 { try db.execute(sql: "UPDATE changeCount SET value = 5") }
            }
            try old.close()
        }
        // Twice: what was made newer is not made newer again.
        for _ in 0..<2 {
            let store = try workspace.store()
            let source = try #require(try await store.sources(relyingPartyID: relyingPartyID).first)
            #expect(source.id == id && source.userHandle == [4, 5] && source.userName == "ann")
            #expect(
                source.properties.protection == (version >= 2 ? .userVerificationRequired : .userVerificationOptional))
            #expect(source.privateKey.rawRepresentation == SecretBytes([UInt8](repeating: 0, count: 31) + [1]))
            #expect(
                try await store.wrappingKey(orStoring: SecretBytes([1])) == SecretBytes(Array("a wrapping key".utf8)))
            let census = try await store.census()
            #expect(census.count == 1)
            // It goes on from what earlier versions have counted, and from the one that was made.
            #expect(census.changeCount == [1, 6, 1][version - 1])
        }
        let store = try workspace.store()
        // A row that changes is written as rows are now.
        var named = try #require(try await store.credentials().first)
        named.userDisplayName = "Ann"
        #expect(try await store.update(named))
        #expect(try await workspace.store().credentials() == [named])
        #expect(try await store.nextSignatureCounter() == 42)
        // The account's next credential takes the place of the old one.
        try await store.save(try Workspace.source(1, user: [4, 5]))
        #expect(try await store.credentials().map(\.id) == [try Workspace.source(1).id])
        #expect(try await store.census().changeCount > [2, 7, 2][version - 1])
        #expect(try await workspace.store().census() == (try await store.census()))
    }

    @Test("of every version are tested, and become what a new store is")
    func everyVersion() throws {
        #expect(Self.schemas.map(\.migration) == StoreSchema.migrator.migrations)
        let workspace = try Workspace()
        _ = try workspace.store("new.sqlite")
        let new = try Self.layout(workspace.path("new.sqlite"))
        for version in 1...Self.schemas.count {
            let path = workspace.path("\(version).sqlite")
            try Self.database(path, version: version).close()
            _ = try workspace.store("\(version).sqlite")
            #expect(try Self.layout(path) == new)
        }
    }

    @Test("are documented: docs/store.md names every table and column there is")
    func documentation() throws {
        let workspace = try Workspace()
        _ = try workspace.store("new.sqlite")
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/store.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let columns = try DatabaseQueue(path: workspace.path("new.sqlite")).read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
                    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'grdb_migrations'
                    """)
        }
        #expect(columns.count == 13)
        for column in columns {
            for name in column.split(separator: ".") { #expect(text.contains("`\(name)`"), "\(column)") }
        }
        #expect(text.contains("Schema \(StoreSchema.migrator.migrations.count)."))
    }

    /// Tables and indexes, with their columns.
    private static func layout(_ path: String) throws -> [String] {
        try DatabaseQueue(path: path).read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT m.type || ' ' || m.name || ' ' || c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || c.pk
                    FROM sqlite_master m JOIN pragma_table_info(m.name) c
                    UNION ALL
                    SELECT m.type || ' ' || m.name || ' ' || c.seqno || ' ' || coalesce(c.name, '')
                    FROM sqlite_master m JOIN pragma_index_info(m.name) c
                    ORDER BY 1
                    """)
        }
    }
}
