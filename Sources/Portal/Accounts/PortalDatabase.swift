import GRDB
import Glibc

/// The portal's SQLite database: write-ahead log, every change one transaction.
struct PortalDatabase: Sendable {
    private let pool: DatabasePool
    private let path: String

    /// Opens the file, creating or migrating it as needed.
    init(path: String) throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(5)
        try PortalDatabase.ensurePrivateFile(path)
        self.path = path
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            try PortalDatabase.migrator.migrate(pool)
        } catch {
            throw PortalDatabase.readable(error, path: path)
        }
    }

    /// What is wrong with a file that is damaged or no database, for people; any other error as it is.
    private static func readable(_ error: any Error, path: String) -> any Error {
        guard let failure = error as? DatabaseError,
            [.SQLITE_NOTADB, .SQLITE_CORRUPT].contains(failure.resultCode)
        else { return error }
        return PortalConfigurationError.databaseDamaged(path)
    }

    /// Makes an empty file with mode 0600 if there is none, so that the database never exists with a wider mode.
    ///
    /// SQLite gives the log beside it the same permissions. A file that exists is not even opened: closing it would
    /// give up the locks that another portal of this process holds on it.
    private static func ensurePrivateFile(_ path: String) throws(PortalConfigurationError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor < 0 else {
            Glibc.close(descriptor)
            return
        }
        let code = errno
        // A link to nothing exists as well, and SQLite would make the file at its other end.
        guard code == EEXIST, access(path, F_OK) == 0 else {
            let reason = code == EEXIST ? "it is a link to a file that does not exist" : String(cString: strerror(code))
            throw .databasePath(path, reason: reason)
        }
    }

    /// Reads from one consistent state.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await pool.read(body)
        } catch {
            throw PortalDatabase.readable(error, path: path)
        }
    }

    /// Reads before the portal serves anybody; the thread waits.
    func readAtStart<Value>(_ body: (Database) throws -> Value) throws -> Value { try pool.read(body) }

    /// Changes everything that `body` changes, or, when it throws, nothing.
    ///
    /// What it has changed survives a power cut, not only the end of the process.
    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await write(synchronous: "FULL", body)
    }

    /// Like ``write(_:)``, for what nobody has been told is done: a power cut may undo it, the end of the process does not.
    ///
    /// It does not wait for the disk.
    func writeSoon<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await write(synchronous: "NORMAL", body)
    }

    private func write<Value: Sendable>(
        synchronous: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await pool.writeWithoutTransaction { database in
            // Every writer says it anew: what the one before has set does not count. Not a cached statement: SQLite acts on
            // this pragma when it compiles it.
            try database.execute(sql: "PRAGMA synchronous = \(synchronous)")
            var result = Result<Value, any Error>.failure(CancellationError())
            try database.inTransaction {
                result = .success(try body(database))
                return .commit
            }
            return try result.get()
        }
    }

    /// The steps from an empty file to the current layout.
    ///
    /// Moments are seconds since 1970.
    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: accounts, sessions, mail confirmation, passkeys") { database in
            try database.execute(
                sql: """
                    CREATE TABLE account (
                        id INTEGER PRIMARY KEY,
                        userID TEXT NOT NULL UNIQUE,
                        userHandle BLOB NOT NULL UNIQUE,
                        name TEXT NOT NULL,
                        dateOfBirth TEXT NOT NULL,
                        passwordHash TEXT NOT NULL,
                        firstLoginStep TEXT NOT NULL,
                        mailAddress TEXT,
                        method TEXT,
                        termsAcceptedAt REAL,
                        mailConfirmedAt REAL,
                        firstLoginCompletedAt REAL,
                        createdAt REAL NOT NULL
                    ) STRICT;
                    CREATE TABLE session (
                        idHash BLOB PRIMARY KEY,
                        accountID INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                        level TEXT NOT NULL,
                        isFirstLogin INTEGER NOT NULL,
                        createdAt REAL NOT NULL,
                        lastUsedAt REAL NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX sessionOfAccount ON session (accountID);
                    CREATE TABLE mailConfirmation (
                        tokenHash BLOB PRIMARY KEY,
                        accountID INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                        mailAddress TEXT NOT NULL,
                        expiresAt REAL NOT NULL,
                        usedAt REAL
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX mailConfirmationOfAccount ON mailConfirmation (accountID);
                    CREATE TABLE passkey (
                        credentialID BLOB PRIMARY KEY,
                        accountID INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                        record TEXT NOT NULL,
                        attestationFormat TEXT NOT NULL,
                        name TEXT,
                        createdAt REAL NOT NULL,
                        lastUsedAt REAL
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX passkeyOfAccount ON passkey (accountID);
                    CREATE TABLE ceremony (
                        challenge BLOB PRIMARY KEY,
                        sessionIDHash BLOB NOT NULL,
                        ceremony TEXT NOT NULL,
                        expiresAt REAL NOT NULL,
                        usedAt REAL
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX ceremonyOfSession ON ceremony (sessionIDHash);
                    CREATE TABLE attempt (
                        id INTEGER PRIMARY KEY,
                        keyHash BLOB NOT NULL,
                        at REAL NOT NULL
                    ) STRICT;
                    CREATE INDEX attemptOfKey ON attempt (keyHash, at);
                    """)
        }
        migrator.registerMigration("2: ceremonies of visitors who have not logged in") { database in
            try database.execute(
                sql: """
                    DELETE FROM ceremony;
                    ALTER TABLE ceremony ADD COLUMN isAnonymous INTEGER NOT NULL DEFAULT 0;
                    CREATE INDEX ceremonyOfKind ON ceremony (isAnonymous, expiresAt);
                    """)
        }
        migrator.registerMigration("3: one-time passwords, what a visit began with and what it is about") { database in
            try database.execute(
                sql: """
                    ALTER TABLE passkey ADD COLUMN supportsPRF INTEGER;
                    ALTER TABLE session ADD COLUMN credentialID BLOB;
                    ALTER TABLE session ADD COLUMN purpose TEXT;
                    CREATE TABLE oneTimePassword (
                        accountID INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
                        sealedSecret BLOB NOT NULL,
                        lastCounter INTEGER NOT NULL,
                        createdAt REAL NOT NULL
                    ) STRICT;
                    CREATE TABLE oneTimePasswordSetUp (
                        sessionIDHash BLOB PRIMARY KEY REFERENCES session (idHash) ON DELETE CASCADE,
                        sealedSecret BLOB NOT NULL,
                        expiresAt REAL NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE mailCode (
                        sessionIDHash BLOB PRIMARY KEY REFERENCES session (idHash) ON DELETE CASCADE,
                        tag BLOB NOT NULL,
                        expiresAt REAL NOT NULL,
                        attempts INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("4: what has expired is found by its time") { database in
            try database.execute(
                sql: """
                    CREATE INDEX attemptByTime ON attempt (at);
                    CREATE INDEX sessionByUse ON session (lastUsedAt);
                    CREATE INDEX sessionByAge ON session (createdAt);
                    """)
        }
        migrator.registerMigration("5: mails that wait, and what voids the marks of known browsers") { database in
            try database.execute(
                sql: """
                    CREATE TABLE outbox (
                        id INTEGER PRIMARY KEY,
                        recipient TEXT NOT NULL,
                        subject TEXT NOT NULL,
                        text TEXT NOT NULL,
                        identifier TEXT NOT NULL,
                        writtenAt REAL NOT NULL,
                        dueAt REAL NOT NULL,
                        attempts INTEGER NOT NULL
                    ) STRICT;
                    CREATE INDEX outboxByTurn ON outbox (dueAt);
                    ALTER TABLE account ADD COLUMN browserEpoch BLOB;
                    """)
        }
        migrator.registerMigration("6: user IDs are found whatever their capital letters") { database in
            // Not unique: an earlier version may have added both spellings.
            try database.execute(sql: "CREATE INDEX accountByUserID ON account (userID COLLATE NOCASE)")
        }
        migrator.registerMigration("7: the language that an account used last") { database in
            try database.execute(sql: "ALTER TABLE account ADD COLUMN language TEXT")
        }
        return migrator
    }
}

extension Database {
    /// Undoes what `body` has changed when it throws; the transaction around it goes on.
    func undoingFailure<Value>(_ body: () throws -> Value) throws -> Value {
        var result = Result<Value, any Error>.failure(CancellationError())
        try inSavepoint {
            result = .success(try body())
            return .commit
        }
        return try result.get()
    }
}
