import GRDB
public import SoftwareAuthenticator

extension SQLiteCredentialStore {
    /// The state.
    public func state() async throws(CredentialStoreError) -> AuthenticatorState? {
        try read(
            remembered: { $0.cache.state },
            orLoading: { db, memory -> AuthenticatorState? in
                let state = try SettingTable(db: db, cipher: cipher).authenticatorState()
                memory.cache.state = .some(state)
                return state
            })
    }

    /// State and census, if both are remembered.
    public func glance() -> CredentialStoreGlance? {
        let known = connection.glance { cache in
            if let state = cache.state ?? nil, let census = cache.census { (state, census) } else { nil }
        }
        return known.map { state, census in
            CredentialStoreGlance(
                state: state,
                census: CredentialCensus(
                    count: census.count, capacity: capacity, changeCount: census.changeCount))
        }
    }

    /// Changes the state, in one transaction.
    @discardableResult
    public func updateState(
        orBeginningWith new: AuthenticatorState,
        _ change: @escaping @Sendable (inout AuthenticatorState) throws -> Void
    ) async throws -> AuthenticatorState {
        // What the change throws is the caller's, and is handed on as it is.
        try await connection.write { [cipher] db, memory in
            let settings = SettingTable(db: db, cipher: cipher)
            var state = try (memory.cache.state ?? settings.authenticatorState()) ?? new
            try change(&state)
            try settings.set(.authenticatorState, state.serialized.exposeSecret())
            memory.cache.state = state
            return state
        }
    }

    /// The large blobs.
    public func largeBlobArray() async throws(CredentialStoreError) -> [UInt8]? {
        try load { db in try SettingTable(db: db, cipher: cipher)[.largeBlobArray] }
    }

    /// Stores the large blobs.
    public func save(largeBlobArray: [UInt8]) async throws(CredentialStoreError) {
        try await write { [cipher] db, _ in
            try SettingTable(db: db, cipher: cipher).set(.largeBlobArray, largeBlobArray)
        }
    }

    /// Counts one signature.
    ///
    /// Numbers are reserved on disk in blocks, the next one before the last is used up: only the first signature waits for the
    /// disk, and the first after another process has counted.
    public func nextSignatureCounter() async throws(CredentialStoreError) -> UInt32 {
        let reserved = try read(
            remembered: { memory -> ReservedCounter?? in
                memory.cache.reservedCounter.map { memory.counters.take(onDisk: $0) }
            },
            orLoading: { db, memory -> ReservedCounter? in
                let onDisk = try SignatureCounterTable(db: db).value()
                memory.cache.reservedCounter = onDisk
                return memory.counters.take(onDisk: onDisk)
            })
        guard let reserved else {
            return try await write { db, memory in
                let onDisk = try SQLiteCredentialStore.reserveCounters(db, &memory)
                guard let counter = memory.counters.take(onDisk: onDisk) else {
                    throw CredentialStoreError.signatureCounterExhausted
                }
                return counter.value
            }
        }
        if reserved.isTimeToGrow {
            // Should it fail, the signature that finds no number left reserves some, and says why it cannot.
            Task { try? await growCounters() }
        }
        return reserved.value
    }

    private func growCounters() async throws(CredentialStoreError) {
        // Whoever asks the store meanwhile waits as well, and need not do so for another process.
        try await write(waits: false) { db, memory in
            defer { memory.counters.endGrowing() }
            _ = try SQLiteCredentialStore.reserveCounters(db, &memory)
        }
    }

    /// Reserves a block; the last one that is reserved now.
    private static func reserveCounters(_ db: Database, _ memory: inout StoreConnection.Memory) throws -> UInt32 {
        let (before, last) = try SignatureCounterTable(db: db).reserve(CounterBlock.size)
        memory.counters.add(before: before, last: last)
        memory.cache.reservedCounter = last
        return last
    }

    /// The wrapping key.
    public func wrappingKey(orStoring candidate: SecretBytes) async throws(CredentialStoreError) -> SecretBytes {
        try await setting(.wrappingKey, orStoring: candidate) ?? candidate
    }

    /// The attestation identity.
    public func attestationIdentity(
        orStoring candidate: AttestationIdentity?
    ) async throws(CredentialStoreError) -> AttestationIdentity? {
        guard let bytes = try await setting(.attestationIdentity, orStoring: candidate?.serialized) else { return nil }
        do {
            return try AttestationIdentity(serialized: bytes)
        } catch {
            throw .unavailable(error.description)
        }
    }

    /// Forgets all credentials and the large blobs.
    public func reset(wrappingKey: SecretBytes, state: AuthenticatorState) async throws(CredentialStoreError) {
        try await write { [self] db, memory in
            try table(db).deleteAll()
            let settings = SettingTable(db: db, cipher: cipher)
            try settings.set(.wrappingKey, wrappingKey.exposeSecret())
            try settings.set(.authenticatorState, state.serialized.exposeSecret())
            try settings.remove(.largeBlobArray)
            memory.cache = StoreCache()
        }
    }

    /// The stored value; if there is none, the candidate becomes it.
    private func setting(
        _ name: SettingTable.Name, orStoring candidate: SecretBytes?
    ) async throws(CredentialStoreError) -> SecretBytes? {
        let stored = try read(
            remembered: { memory in memory.cache.settings[name].map { .some($0) } },
            orLoading: { db, memory -> SecretBytes? in
                let value = try SettingTable(db: db, cipher: cipher)[name].map { SecretBytes($0) }
                memory.cache.settings[name] = value
                return value
            })
        guard stored == nil, let candidate else { return stored }
        // Looked up once more: another process may have stored one in between.
        return try await write { [cipher] db, memory in
            let settings = SettingTable(db: db, cipher: cipher)
            let value: SecretBytes
            if let bytes = try settings[name] {
                value = SecretBytes(bytes)
            } else {
                try settings.set(name, candidate.exposeSecret())
                value = candidate
            }
            memory.cache.settings[name] = value
            return value
        }
    }
}
