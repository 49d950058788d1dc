public import CTAP
public import CTAPHID
import Synchronization

/// The key behind a set of doors.
public final class DoorKey: Sendable {
    let authenticator: any CTAPAuthenticator
    let power: KeyPower
    let wink: (@Sendable () -> Void)?
    private let version: CTAPHIDDeviceVersion
    private let adoptsEveryChannel: Bool
    private let sessionCount = Mutex<UInt32>(0)

    /// A key.
    ///
    /// - Parameters:
    ///   - authenticator: Who answers at every door.
    ///   - power: Its power supply.
    ///   - version: The device's own version, for the INIT reply.
    ///   - adoptsEveryChannel: Whether channels that nobody asked for may speak, too.
    ///   - wink: Shows people which key this is; must return at once.
    public init(
        authenticator: any CTAPAuthenticator, power: KeyPower,
        version: CTAPHIDDeviceVersion = CTAPHIDDeviceVersion(major: 1, minor: 0, build: 0),
        adoptsEveryChannel: Bool = false, wink: (@Sendable () -> Void)? = nil
    ) {
        self.authenticator = authenticator
        self.power = power
        self.version = version
        self.adoptsEveryChannel = adoptsEveryChannel
        self.wink = wink
    }

    /// What the next CTAPHID device says about itself.
    ///
    /// Each hands out channels from a range of its own, for the authenticator tells clients apart by their channels.
    func nextConfiguration() -> CTAPHIDAuthenticatorState.Configuration {
        let number = sessionCount.withLock { count in
            count = (count + 1) & 0x7FFF
            return count
        }
        return CTAPHIDAuthenticatorState.Configuration(
            version: version, firstChannel: ChannelID(rawValue: number << 16 | 1),
            adoptsEveryChannel: adoptsEveryChannel)
    }
}
