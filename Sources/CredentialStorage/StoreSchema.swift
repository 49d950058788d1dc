import GRDB

/// The tables, and how older databases become newer ones.
///
/// A migration that has been released is never changed; a new one is added after it.
enum StoreSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 credentials, settings, counter") { db in
            try db.execute(
                sql: """
                    -- position is the order of creation; AUTOINCREMENT never gives a number twice.
                    -- relyingPartyID is UTF-8 in a BLOB: a TEXT is cut off at a zero byte, which a platform may send.
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
                    """)
        }
        migrator.registerMigration("2 protection, changes, reserved counters") { db in
            try db.execute(
                sql: """
                    -- In the clear, so that finding a relying party's newest credential opens no other.
                    ALTER TABLE credential ADD COLUMN protection INTEGER NOT NULL DEFAULT 1;
                    DROP INDEX credentialByRelyingParty;
                    CREATE INDEX credentialByRelyingParty ON credential (relyingPartyID, protection, position);
                    -- Counts whatever changes the credentials.
                    CREATE TABLE changeCount (
                        id INTEGER PRIMARY KEY CHECK (id = 1),
                        value INTEGER NOT NULL
                    ) STRICT;
                    INSERT INTO changeCount (id, value) VALUES (1, 0);
                    """)
        }
        migrator.registerMigration("3 credentials in CBOR, insertions that count themselves") { _ in
            // No table changes. What is sealed in the rows that are there stays JSON, which can still be read; earlier versions
            // of the program could not read the new rows, and are kept out. Changes are counted by changeCount and what
            // AUTOINCREMENT counts together, which grow on from any values.
        }
        return migrator
    }
}
