/// Hands out channel numbers, each once, by counting upwards.
struct ChannelAllocator: Sendable {
    /// How many channels a client may bring along by sending INIT on a number that was never handed out.
    static let maximumAdoptedCount = 256

    private let first: UInt32
    private var next: UInt32
    private var adopted: Set<UInt32> = []

    /// An allocator whose first channel is the given one, or 1 in place of the two numbers that are no channels.
    init(first: ChannelID) {
        self.first = first == .reserved || first == .broadcast ? 1 : first.rawValue
        next = self.first
    }

    /// Whether the channel may be used.
    func isAllocated(_ channel: ChannelID) -> Bool {
        (first..<next).contains(channel.rawValue) || adopted.contains(channel.rawValue)
    }

    /// A channel that was never handed out; `nil` once all numbers up to `FFFFFFFE` have been.
    mutating func allocate() -> ChannelID? {
        while adopted.contains(next) { next += 1 }
        guard next != ChannelID.broadcast.rawValue else { return nil }
        defer { next += 1 }
        return ChannelID(rawValue: next)
    }

    /// Makes a number usable that a client brought along; beyond a limit it stays unknown, so that memory is bounded.
    mutating func adopt(_ channel: ChannelID) {
        guard !isAllocated(channel), adopted.count < ChannelAllocator.maximumAdoptedCount else { return }
        adopted.insert(channel.rawValue)
    }
}
