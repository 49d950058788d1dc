import CTAPHID
import TestSupport
import Testing

/// A report that begins with the given hexadecimal bytes and is zero behind them.
func report(_ hex: String) throws -> HIDReport {
    let bytes = try #require([UInt8](hex: hex))
    return try #require(HIDReport(bytes: bytes + Array(repeating: 0, count: 64 - bytes.count)))
}

/// A device on a clock that the test moves, and what it did.
struct Device {
    var state: CTAPHIDAuthenticatorState
    var now = ContinuousClock.Instant.now
    static let nonce = "0102030405060708"

    init(configuration: CTAPHIDAuthenticatorState.Configuration = .init()) {
        state = CTAPHIDAuthenticatorState(configuration: configuration)
    }

    /// Lets it receive a report and tells what it does, in short form.
    mutating func receive(_ hex: String) throws -> [String] {
        try state.receive(report(hex), now: now).map(Device.short)
    }

    /// Lets time pass.
    mutating func wait(_ milliseconds: Int) -> [String] {
        now += .milliseconds(milliseconds)
        return state.advance(to: now).map(Device.short)
    }

    /// Opens channels 1, 2, … in order.
    mutating func open(_ count: Int = 1) throws {
        for _ in 0..<count { #expect(try receive("ffffffff 86 0008 \(Device.nonce)").count == 1) }
    }

    /// A report without the zeros at its end, or the other actions' names.
    static func short(_ action: CTAPHIDAuthenticatorAction) -> String {
        switch action {
        case .send(let report):
            guard case .initialization(let channel, let command, let count, let data) = CTAPHIDPacket(report) else {
                return "continuation " + Array(report.bytes.prefix(5)).hex
            }
            let code = [command.rawValue | 0x80].hex
            return count > 57 ? "\(channel) \(code) …\(count)" : "\(channel) \(code) \(data.hex)"
        case .begin(let transaction, let message): return "begin \(transaction.channel) \(message.bytes.hex)"
        case .cancel(let transaction): return "cancel \(transaction.channel)"
        case .wink: return "wink"
        }
    }
}
