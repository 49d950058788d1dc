/// How good a sample of a finger was (CTAP 2.3 §6.7, lastEnrollSampleStatus).
public enum SampleStatus: UInt64, Hashable, Sendable, CaseIterable {
    /// Good.
    case good = 0x00
    /// Too high.
    case tooHigh = 0x01
    /// Too low.
    case tooLow = 0x02
    /// Too far to the left.
    case tooLeft = 0x03
    /// Too far to the right.
    case tooRight = 0x04
    /// Too fast.
    case tooFast = 0x05
    /// Too slow.
    case tooSlow = 0x06
    /// Of poor quality.
    case poorQuality = 0x07
    /// Too skewed.
    case tooSkewed = 0x08
    /// Too short.
    case tooShort = 0x09
    /// Could not be merged with the others.
    case mergeFailure = 0x0A
    /// Of a finger that is enrolled already.
    case exists = 0x0B
    /// None: nobody touched the sensor.
    case noUserActivity = 0x0D
    /// None: the finger was not lifted.
    case noUserPresenceTransition = 0x0E
}
