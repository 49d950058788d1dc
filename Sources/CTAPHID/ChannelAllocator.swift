/// Hands out channel numbers, each once, by counting upwards.
struct ChannelAllocator: Sendable {
    /// How many channels are remembered that were never handed out; of more, the oldest is forgotten.
    ///
    /// A client brings one along by INIT on it or, where every channel is adopted, by anything.
    static let maximumAdoptedCount = 256

    private let first: UInt32
    private var next: UInt32
    /// When each was last adopted.
    private var adopted: [UInt32: UInt64] = [:]
    private var moment: UInt64 = 0

    /// An allocator whose first channel is the given one, or 1 in place of the two numbers that are no channels.
    init(first: ChannelID) {
        self.first = first == .reserved || first == .broadcast ? 1 : first.rawValue
        next = self.first
    }

    /// Whether the channel may be used.
    func isAllocated(_ channel: ChannelID) -> Bool {
        isHandedOut(channel) || adopted[channel.rawValue] != nil
    }

    /// A channel that was never handed out; `nil` once all numbers up to `FFFFFFFE` have been.
    mutating func allocate() -> ChannelID? {
        while adopted[next] != nil { next += 1 }
        guard next != ChannelID.broadcast.rawValue else { return nil }
        defer { next += 1 }
        return ChannelID(rawValue: next)
    }

    /// Makes a number usable that a client brought along; beyond a limit another is forgotten, so that memory is
    /// bounded.
    mutating func adopt(_ channel: ChannelID) {
        guard !isHandedOut(channel) else { return }
        moment += 1
        adopted[channel.rawValue] = moment
        if adopted.count > ChannelAllocator.maximumAdoptedCount, let oldest = adopted.min(by: { $0.value < $1.value }) {
            adopted.removeValue(forKey: oldest.key)
        }
    }

    private func isHandedOut(_ channel: ChannelID) -> Bool { (first..<next).contains(channel.rawValue) }
}
