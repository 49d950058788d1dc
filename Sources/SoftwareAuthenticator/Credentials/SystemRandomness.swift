import Glibc
import Synchronization

/// Random numbers of the system, fetched several at a time: each system call costs as much as many numbers.
///
/// It can be used from everywhere at once. A number that has been handed out is not kept. Those that wait in memory are copied
/// with the whole machine: two that are resumed from one snapshot of a virtual machine draw up to 32 equal numbers.
public final class SystemRandomness: RandomNumberGenerator, Sendable {
    private struct Pool {
        /// As many as one system call can fill (getentropy(3): 256 bytes).
        var words = [UInt64](repeating: 0, count: 32)
        var remaining = 0
    }

    private let pool = Mutex(Pool())

    /// A generator that has fetched nothing yet.
    public init() {}

    /// The next number.
    public func next() -> UInt64 {
        pool.withLock { pool in
            if pool.remaining == 0 {
                SystemRandomness.fill(&pool.words)
                pool.remaining = pool.words.count
            }
            pool.remaining -= 1
            let word = pool.words[pool.remaining]
            pool.words[pool.remaining] = 0
            return word
        }
    }

    private static func fill(_ words: inout [UInt64]) {
        let status = unsafe words.withUnsafeMutableBytes { bytes in
            if let start = bytes.baseAddress { unsafe getentropy(start, bytes.count) } else { CInt(-1) }
        }
        // Linux before 3.17 has no such call; the library knows other ways there.
        guard status != 0 else { return }
        var generator = SystemRandomNumberGenerator()
        for index in words.indices { words[index] = generator.next() }
    }
}
