/// What a guess at a password costs: the parameters of scrypt (RFC 7914).
public struct PasswordCost: Hashable, Sendable {
    /// The base-2 logarithm of the CPU and memory cost N, 1 to 20.
    public let logarithmOfRounds: Int
    /// The block size r, 1 to 32; memory is 128 · N · r bytes.
    public let blockSize: Int
    /// The parallelisation p, 1 to 16.
    public let parallelism: Int

    /// N = 2¹⁵, r = 8, p = 3: 32 MiB.
    ///
    /// One of the equivalent minima for scrypt in OWASP's Password Storage Cheat Sheet (the first is N = 2¹⁷, r = 8,
    /// p = 1 with 128 MiB); of those considered, the one that costs the portal less memory.
    public static let standard = PasswordCost(15, 8, 3)

    private init(_ logarithmOfRounds: Int, _ blockSize: Int, _ parallelism: Int) {
        self.logarithmOfRounds = logarithmOfRounds
        self.blockSize = blockSize
        self.parallelism = parallelism
    }

    /// Parameters within the ranges above, else `nil`.
    public init?(logarithmOfRounds: Int, blockSize: Int = 8, parallelism: Int = 1) {
        guard (1...20).contains(logarithmOfRounds), (1...32).contains(blockSize), (1...16).contains(parallelism) else {
            return nil
        }
        self.init(logarithmOfRounds, blockSize, parallelism)
    }
}
