import Glibc

/// A thread of our own for blocking calls, which must not occupy the shared pool.
enum OwnedThread {
    private final class Job: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Calls a function on a new thread and waits for it; the thread ends with it.
    ///
    /// Cancellation is the function's own affair.
    ///
    /// - Throws: what the function throws, and ``VirtualBlueZError/noThread(reason:)``.
    static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let job = Unmanaged.passRetained(Job { continuation.resume(with: Result { try body() }) })
            var thread = pthread_t()
            let status = pthread_create(
                &thread, nil,
                { job in
                    if let job { Unmanaged<Job>.fromOpaque(job).takeRetainedValue().body() }
                    return nil
                }, job.toOpaque())
            guard status == 0 else {
                job.release()
                return continuation.resume(throwing: VirtualBlueZError.noThread(reason: SystemError.text(status)))
            }
            pthread_detach(thread)
        }
    }
}

/// The system's words for its error numbers.
enum SystemError {
    /// The text of an error number, of either sign.
    static func text(_ number: CInt) -> String {
        // strerror's buffer is shared between threads; this one is ours.
        var buffer = [CChar](repeating: 0, count: 256)
        guard strerror_r(number < 0 ? 0 &- number : number, &buffer, buffer.count) == 0 else {
            return "error \(number)"
        }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
