/// Bytes drawn from a generator that may be chosen at run time.
package func randomBytes(_ count: Int, using generator: inout some RandomNumberGenerator) -> [UInt8] {
    // Eight bytes a draw: a generator may be a system call each time.
    unsafe [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
        while filled < count {
            var word = generator.next()
            for _ in 0..<min(8, count - filled) {
                unsafe bytes[filled] = UInt8(truncatingIfNeeded: word)
                word >>= 8
                filled += 1
            }
        }
    }
}
