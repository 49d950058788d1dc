public import FoundationEssentials
import WebAuthnModel

/// Ceremonies that wait for their response, in memory: each challenge is redeemed at most once and before it expires.
///
/// The number of entries is bounded. When it is reached, the one that expires first makes room: whoever floods the
/// book with ceremonies makes others start again, but never makes a challenge valid twice.
public struct CeremonyBook: Sendable {
    private enum Entry: Sendable {
        case open(Ceremony)
        case used(expires: Date)

        var expires: Date {
            switch self {
            case .open(let ceremony): ceremony.expires
            case .used(let expires): expires
            }
        }
    }

    private let capacity: Int
    private var entries: [[UInt8]: Entry] = [:]

    /// An empty book for so many ceremonies, at least one.
    public init(capacity: Int = 10_000) { self.capacity = max(capacity, 1) }

    /// The number of challenges that are remembered, used ones included.
    public var count: Int { entries.count }

    /// Remembers a ceremony until its challenge is redeemed or expires.
    public mutating func open(_ ceremony: Ceremony, now: Date) {
        if entries.count >= capacity { entries = entries.filter { $0.value.expires > now } }
        if entries.count >= capacity, let first = entries.min(by: { $0.value.expires < $1.value.expires }) {
            entries[first.key] = nil
        }
        entries[ceremony.challenge.bytes] = .open(ceremony)
    }

    /// Hands a ceremony out, once; a used challenge stays known until it would have expired.
    public mutating func redeem(challenge: [UInt8], now: Date) throws(CeremonyError) -> Ceremony {
        guard let entry = entries[challenge] else { throw .challengeUnknown }
        guard now < entry.expires else {
            entries[challenge] = nil
            throw .challengeExpired
        }
        guard case .open(let ceremony) = entry else { throw .challengeUsed }
        entries[challenge] = .used(expires: ceremony.expires)
        return ceremony
    }
}
