import GRDB
public import SoftwareAuthenticator

extension SQLiteCredentialStore {
    /// All discoverable credentials, oldest first.
    public func credentials() async throws(CredentialStoreError) -> [CredentialSource] {
        try load { db in try table(db).all() }
    }

    /// Everything that can be handed over, as of one moment.
    public func export() async throws(CredentialStoreError) -> StoreExport {
        try load { db in
            let counter = try SignatureCounterTable(db: db).value()
            return StoreExport(
                credentials: try table(db).all(),
                wrappingKey: try SettingTable(db: db, cipher: cipher)[.wrappingKey].map { SecretBytes($0) },
                signatureCounter: counter)
        }
    }

    /// Takes over what another store has exported: everything, or nothing.
    ///
    /// Credentials that are there already, unchanged, are left alone, so that an import may be repeated. There is no limit to
    /// their number. The signature counter goes on from the higher of both, so that no relying party sees it go back.
    ///
    /// - Parameter isDiscoverableOnly: whether the wrapping key stays behind, and with it the credentials under it.
    /// - Throws: ``StoreImportError`` when something is in the way, else ``CredentialStoreError``.
    public func `import`(_ export: StoreExport, isDiscoverableOnly: Bool = false) async throws -> StoreImport {
        try await connection.write { [self] db, memory in
            let table = self.table(db)
            var conflicts: [StoreImportError.Conflict] = []
            var missing: [CredentialSource] = []
            for source in export.credentials {
                if let there = try table.source(id: source.id)?.source {
                    if there != source { conflicts.append(.changed(source)) }
                } else if try table.holdsAccount(of: source) {
                    conflicts.append(.account(source))
                } else {
                    missing.append(source)
                }
            }
            let settings = SettingTable(db: db, cipher: cipher)
            if !isDiscoverableOnly, let key = export.wrappingKey {
                if let there = try settings[.wrappingKey] {
                    if SecretBytes(there) != key { conflicts.append(.wrappingKey) }
                } else {
                    try settings.set(.wrappingKey, key.exposeSecret())
                }
            }
            guard conflicts.isEmpty else { throw StoreImportError(conflicts: conflicts) }
            for source in missing { _ = try table.insert(source) }
            try SignatureCounterTable(db: db).raise(to: export.signatureCounter)
            memory.cache = StoreCache()
            return StoreImport(imported: missing.count, alreadyThere: export.credentials.count - missing.count)
        }
    }
}

/// What an import did.
public struct StoreImport: Hashable, Sendable {
    /// How many credentials came.
    public let imported: Int
    /// How many were there before, and are the same.
    public let alreadyThere: Int
}

/// An import that did nothing, because of what is there.
public struct StoreImportError: Error, Equatable, Sendable {
    /// Something that is in the way.
    public enum Conflict: Equatable, Sendable {
        /// There is a credential with the same ID and other content.
        case changed(CredentialSource)
        /// The account has another credential, which would be lost.
        case account(CredentialSource)
        /// The store has a wrapping key of its own.
        case wrappingKey
    }

    /// All that is in the way.
    public let conflicts: [Conflict]
}

extension StoreImportError: CustomStringConvertible {
    /// A sentence that names what is in the way, at most ten of it.
    public var description: String {
        let named = conflicts.prefix(10).map { "\($0)" }.joined(separator: "; ")
        let more = conflicts.count > 10 ? "; and \(conflicts.count - 10) more" : ""
        return "nothing was imported: \(named)\(more)"
    }
}

extension StoreImportError.Conflict: CustomStringConvertible {
    /// Half a sentence.
    public var description: String {
        switch self {
        case .changed(let source): "the \(source) is there with other content"
        case .account(let source):
            "the account \(source.userName.map { "'\($0)'" } ?? "without a name") at \(source.relyingPartyID) has another "
                + "credential"
        case .wrappingKey:
            "the store has made credentials of its own that are not discoverable (--discoverable-only leaves out those "
                + "of the export)"
        }
    }
}
