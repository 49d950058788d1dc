/// The signature counters that are reserved on disk and not given out yet.
struct CounterBlock {
    /// How many are reserved at a time: so few signatures wait for the disk, and so many numbers are left out when the process
    /// ends.
    static let size: UInt32 = 256

    /// The last one that was given out.
    private var given: UInt32 = 0
    /// The last one that is reserved.
    private var reserved: UInt32 = 0
    /// Whether more are being reserved already.
    private var isGrowing = false

    /// The next one; `nil` when a new block is needed first.
    ///
    /// If somebody else has reserved a block since, that one's numbers are higher, and what is left of ours would be a step back.
    ///
    /// - Parameter onDisk: the last one that is reserved on disk.
    mutating func take(onDisk: UInt32) -> ReservedCounter? {
        guard given < reserved, onDisk == reserved else { return nil }
        given += 1
        let isTimeToGrow = !isGrowing && reserved - given < CounterBlock.size / 4 && reserved < .max
        if isTimeToGrow { isGrowing = true }
        return ReservedCounter(value: given, isTimeToGrow: isTimeToGrow)
    }

    /// Adds a block that was reserved on disk.
    mutating func add(before: UInt32, last: UInt32) {
        if before != reserved { given = before }
        reserved = last
    }

    /// More are reserved, or could not be.
    mutating func endGrowing() { isGrowing = false }
}

/// A signature counter that is given out.
struct ReservedCounter: Equatable {
    /// The counter.
    let value: UInt32
    /// Whether more should be reserved by now, so that no signature has to wait for that; said once for each block.
    let isTimeToGrow: Bool
}
