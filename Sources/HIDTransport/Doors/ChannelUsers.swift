import CTAPHID

/// Who uses which channel, where several clients share one device; the ones that were silent longest are forgotten.
struct ChannelUsers<User: Sendable>: Sendable {
    private struct Entry {
        let user: User
        let moment: UInt64
    }

    /// How many channels are remembered.
    private let limit: Int
    private var entries: [ChannelID: Entry] = [:]
    private var moment: UInt64 = 0

    init(limit: Int = 1024) { self.limit = limit }

    /// Notes who has sent something on a channel.
    mutating func note(_ user: User, on channel: ChannelID) {
        moment += 1
        entries[channel] = Entry(user: user, moment: moment)
        if entries.count > limit, let oldest = entries.min(by: { $0.value.moment < $1.value.moment }) {
            entries.removeValue(forKey: oldest.key)
        }
    }

    /// Who is to get a report of the device.
    func user(toldBy report: HIDReport) -> User? { entries[report.channel]?.user }
}
