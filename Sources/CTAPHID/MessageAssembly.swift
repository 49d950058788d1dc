/// A message of which some packets have arrived.
struct MessageAssembly: Hashable, Sendable {
    let channel: ChannelID
    let command: CTAPHIDCommand
    private let byteCount: Int
    private var bytes: [UInt8]
    private var nextSequence: UInt8 = 0

    /// Begins with the contents of an initialization packet.
    init(channel: ChannelID, command: CTAPHIDCommand, byteCount: UInt16, data: [UInt8]) {
        self.channel = channel
        self.command = command
        self.byteCount = Int(byteCount)
        bytes = Array(data.prefix(Int(byteCount)))
    }

    /// The whole message, once it is.
    var message: CTAPHIDMessage? {
        bytes.count == byteCount ? CTAPHIDMessage(command: command, shortBytes: bytes) : nil
    }

    /// Adds a continuation packet.
    ///
    /// - Returns: `false`, unchanged, when it is not the next one.
    mutating func append(sequence: UInt8, data: [UInt8]) -> Bool {
        guard sequence == nextSequence else { return false }
        nextSequence &+= 1
        bytes += data.prefix(byteCount - bytes.count)
        return true
    }
}
