/// A request as it travels the corridor: a command byte and its parameters, undecoded.
public struct CTAPRequest: Hashable, Sendable {
    /// The command.
    public var command: CTAPCommand
    /// The CBOR of the parameters, empty for commands without any.
    public var parameters: [UInt8]

    /// Puts the parts together.
    public init(_ command: CTAPCommand, parameters: [UInt8] = []) {
        self.command = command
        self.parameters = parameters
    }

    /// Reads a message: the command byte, then the parameters (CTAP 2.3 §8).
    ///
    /// - Returns: `nil` for an empty message.
    public init?(message: some Collection<UInt8>) {
        guard let command = message.first else { return nil }
        self.init(CTAPCommand(rawValue: command), parameters: Array(message.dropFirst()))
    }

    /// The message.
    public var message: [UInt8] { [command.rawValue] + parameters }

    /// The length of the message in bytes.
    public var byteCount: Int { 1 + parameters.count }
}

/// A response as it travels the corridor: a status byte and, after success, data.
public struct CTAPResponse: Hashable, Sendable {
    /// The status.
    public var status: CTAPStatus
    /// The CBOR of the data, empty when there is none.
    public var data: [UInt8]

    /// Puts the parts together.
    public init(_ status: CTAPStatus, data: [UInt8] = []) {
        self.status = status
        self.data = data
    }

    /// Reads a message: the status byte, then the data.
    ///
    /// - Returns: `nil` for an empty message.
    public init?(message: some Collection<UInt8>) {
        guard let status = message.first else { return nil }
        self.init(CTAPStatus(rawValue: status), data: Array(message.dropFirst()))
    }

    /// The message.
    public var message: [UInt8] { [status.rawValue] + data }
}
