/// Runs an operation that is cancelled when its time is up.
///
/// The operation has to heed its cancellation: it is waited for.
///
/// - Throws: `expired` when time was up first, else what the operation throws.
func within<Value: Sendable>(
    _ limit: Duration, on clock: any Clock<Duration>, expired: HybridSessionError,
    _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await clock.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let value = first else { throw expired }
        return value
    }
}
