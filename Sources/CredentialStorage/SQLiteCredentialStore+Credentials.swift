public import CTAP
import GRDB
public import SoftwareAuthenticator

extension SQLiteCredentialStore {
    /// Keeps a credential in place of the account's earlier one.
    public nonisolated(nonsending) func save(_ source: CredentialSource) async throws(CredentialStoreError) {
        try await write { [self] db, memory in try insert(source, db, &memory) }
    }

    /// Keeps a credential in place of the account's earlier one, while the caller's own thread works.
    public nonisolated(nonsending) func save<Value>(
        _ source: CredentialSource, while work: () throws -> Value
    ) async throws -> Value {
        let outcome = WorkOutcome()
        var result: Result<Value, any Error>?
        func workMeanwhile() {
            let ended = Result { try work() }
            result = ended
            outcome.set(hasSucceeded: (try? ended.get()) != nil)
        }
        do throws(CredentialStoreError) {
            try await write(meanwhile: workMeanwhile) { [self] db, memory in
                try insert(source, db, &memory)
                guard outcome.waitForSuccess() else { throw CredentialStoreError.unavailable("the work failed") }
            }
        } catch {
            // What the work has thrown comes first: it is why nothing was kept.
            _ = try result?.get()
            throw error
        }
        guard let result else { throw CredentialStoreError.unavailable("nothing was done meanwhile") }
        return try result.get()
    }

    private func insert(
        _ source: CredentialSource, _ db: Database, _ memory: inout StoreConnection.Memory
    ) throws {
        let table = self.table(db)
        let before = try memory.cache.census ?? table.census()
        let (position, replaced) = try table.insert(source)
        memory.cache.census = before
        if replaced > 0 { memory.cache.forgetCredentials() }
        memory.cache.add(source, at: position)
        // Throwing rolls everything back.
        guard before.count - replaced < capacity else { throw CredentialStoreError.full }
    }

    /// Some credentials of a relying party.
    public func sources(
        relyingPartyID: String, protectedAtMost protection: CredentialProtection, skipping: Int, limit: Int
    ) async throws(CredentialStoreError) -> CredentialPage {
        func page(_ places: [StoreCache.Place], _ source: (Int64) throws -> CredentialSource?) rethrows
            -> CredentialPage?
        {
            let total = places.count { $0.protection <= protection }
            let chosen = places.reversed().lazy.filter { $0.protection <= protection }.dropFirst(skipping).prefix(limit)
            var sources: [CredentialSource] = []
            for place in chosen {
                guard let source = try source(place.position) else { return nil }
                sources.append(source)
            }
            return CredentialPage(total: total, sources: sources)
        }
        return try read(
            remembered: { memory in
                memory.cache.places(relyingPartyID).flatMap { page($0, memory.cache.source(at:)) }
            },
            orLoading: { db, memory in
                let table = self.table(db)
                let places: [StoreCache.Place]
                if let known = memory.cache.places(relyingPartyID) {
                    places = known
                } else {
                    places = try table.places(relyingPartyID: relyingPartyID)
                    memory.cache.remember(places, of: relyingPartyID)
                }
                let found = try page(places) { position in
                    if let source = memory.cache.source(at: position) { return source }
                    let source = try table.source(at: position)
                    if let source { memory.cache.remember(source, at: position) }
                    return source
                }
                return found ?? CredentialPage(total: 0, sources: [])
            })
    }

    /// The relying parties.
    public func relyingPartyIDs() async throws(CredentialStoreError) -> [String] {
        try load { db in try table(db).relyingPartyIDs() }
    }

    /// How full it is.
    public func census() async throws(CredentialStoreError) -> CredentialCensus {
        let census = try read(
            remembered: { $0.cache.census },
            orLoading: { db, memory in
                let census = try table(db).census()
                memory.cache.census = census
                return census
            })
        return CredentialCensus(count: census.count, capacity: capacity, changeCount: census.changeCount)
    }

    /// The credential with an ID.
    public func source(id: [UInt8]) async throws(CredentialStoreError) -> CredentialSource? {
        try read(
            remembered: { memory -> CredentialSource?? in
                guard let position = memory.cache.position(id: id) else { return nil }
                guard let position else { return .some(nil) }
                return memory.cache.source(at: position).map { .some($0) }
            },
            orLoading: { db, memory -> CredentialSource? in
                guard let found = try table(db).source(id: id) else {
                    memory.cache.remember(nil, id: id)
                    return nil
                }
                memory.cache.remember(found.source, at: found.position)
                return found.source
            })
    }

    /// Replaces a credential's names.
    @discardableResult
    public func update(_ source: CredentialSource) async throws(CredentialStoreError) -> Bool {
        try await write { [self] db, memory in
            memory.cache.forgetCredentials()
            return try table(db).updateNames(source)
        }
    }

    /// Keeps a large blob beside a credential.
    @discardableResult
    public func save(
        _ blob: LargeBlobData, forCredentialWithID id: [UInt8]
    ) async throws(CredentialStoreError) -> Bool {
        try await write { [self] db, memory in
            memory.cache.forgetCredentials()
            return try table(db).change(id: id) { $0.properties.largeBlob = blob }
        }
    }

    /// Forgets a credential.
    @discardableResult
    public func delete(id: [UInt8]) async throws(CredentialStoreError) -> Bool {
        try await write { [self] db, memory in
            memory.cache.forgetCredentials()
            return try table(db).delete(id: id)
        }
    }
}
