import Glibc

/// Threads for calls that block, so that none of those of Swift's concurrency is held up.
package enum OwnedThread {
    private final class Body: Sendable {
        let call: @Sendable () -> Void
        init(_ call: @escaping @Sendable () -> Void) { self.call = call }
    }

    /// Starts a thread that ends with the function.
    ///
    /// - Returns: `false` when the system has no resources for another thread.
    package static func start(_ call: @escaping @Sendable () -> Void) -> Bool {
        let body = Unmanaged.passRetained(Body(call))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().call()
                return nil
            }, body.toOpaque())
        guard status == 0 else {
            body.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}
