import CTAP
import CTAPHID
import HIDTransport
import Synchronization
import Testing

@testable import AikagiCommands

/// An authenticator that answers every request with its own number and what it was given.
final class FakeKey: CTAPAuthenticator {
    private let number: UInt8
    private let cycles = Mutex(0)

    init(_ number: UInt8) { self.number = number }

    /// How often it was given power.
    var powerCycles: Int { cycles.withLock(\.self) }

    func respond(to request: CTAPRequest, in context: CTAPRequestContext) async -> CTAPResponse {
        CTAPResponse(.success, data: [number] + request.parameters)
    }

    /// The key in a rack.
    func key(_ name: String, isPlugged: Bool = true) -> KeyRack.Key {
        KeyRack.Key(
            name: name, authenticator: self, powerCycle: { self.cycles.withLock { $0 += 1 } }, isPlugged: isPlugged)
    }
}

/// A program's client of a key.
struct FakeProgram: Sendable {
    let channel: any HIDReportChannel

    /// What the key answers to getInfo with some parameters; a channel is opened first.
    func ask(_ parameters: [UInt8]) async throws -> [UInt8] {
        try await send(.initialize, [1, 2, 3, 4, 5, 6, 7, 8], on: ChannelID(rawValue: 0xFFFF_FFFF))
        guard case .initialization(_, .initialize, _, let data)? = try await receive() else { return [] }
        let number = data.dropFirst(8).prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        try await send(.cbor, [CTAPCommand.getInfo.rawValue] + parameters, on: ChannelID(rawValue: number))
        guard case .initialization(_, .cbor, let count, let answer)? = try await receive() else { return [] }
        return Array(answer.prefix(Int(count)))
    }

    private func send(_ command: CTAPHIDCommand, _ bytes: [UInt8], on id: ChannelID) async throws {
        for report in try CTAPHIDMessage(command: command, bytes: bytes).reports(on: id) {
            try await channel.send(report)
        }
    }

    private func receive() async throws -> CTAPHIDPacket? {
        for try await report in channel.reports {
            let packet = CTAPHIDPacket(report)
            // On a busy machine even a quick answer may take longer than a keepalive's interval.
            if case .initialization(_, .keepalive, _, _) = packet { continue }
            return packet
        }
        return nil
    }
}
