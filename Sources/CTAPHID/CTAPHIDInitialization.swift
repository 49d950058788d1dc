/// The reply to CTAPHID_INIT (CTAP 2.3 §11.2.9.1.3).
///
///     nonce(8) ‖ CID(4) ‖ protocol version 02 ‖ major ‖ minor ‖ build ‖ capabilities
public struct CTAPHIDInitialization: Hashable, Sendable {
    /// The version of the CTAPHID protocol described here.
    public static let protocolVersion: UInt8 = 2

    /// The eight bytes of the request, by which its sender knows the reply.
    public let nonce: [UInt8]
    /// The channel from now on.
    public let channel: ChannelID
    /// The CTAPHID protocol version; 2.
    public let protocolVersion: UInt8
    /// The device's own version.
    public let version: CTAPHIDDeviceVersion
    /// What the device can do.
    public let capabilities: CTAPHIDCapabilities

    /// A reply to a nonce.
    init(
        nonce: [UInt8], channel: ChannelID, version: CTAPHIDDeviceVersion, capabilities: CTAPHIDCapabilities
    ) {
        self.nonce = nonce
        self.channel = channel
        protocolVersion = CTAPHIDInitialization.protocolVersion
        self.version = version
        self.capabilities = capabilities
    }

    /// The reply in a message's bytes; more than 17 bytes are allowed, for later versions.
    init?(decoding bytes: [UInt8]) {
        guard bytes.count >= 17 else { return nil }
        nonce = Array(bytes[..<8])
        channel = ChannelID(bytes: bytes[8...])
        protocolVersion = bytes[12]
        version = CTAPHIDDeviceVersion(major: bytes[13], minor: bytes[14], build: bytes[15])
        capabilities = CTAPHIDCapabilities(rawValue: bytes[16])
    }

    /// The 17 bytes.
    func encoded() -> [UInt8] {
        nonce + channel.bytes
            + [protocolVersion, version.major, version.minor, version.build, capabilities.rawValue]
    }
}

/// The three numbers of a device's own version in an INIT reply; their meaning is the vendor's.
public struct CTAPHIDDeviceVersion: Hashable, Sendable {
    /// The major version.
    public let major: UInt8
    /// The minor version.
    public let minor: UInt8
    /// The build.
    public let build: UInt8

    /// A version.
    public init(major: UInt8, minor: UInt8, build: UInt8) {
        self.major = major
        self.minor = minor
        self.build = build
    }
}
