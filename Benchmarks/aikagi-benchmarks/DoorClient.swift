import CDoorClient
import CTAP
import CTAPHID
import Foundation

/// Where a door is.
struct DoorAddress {
    /// `udp`, `tcp` or `unix`.
    let kind: String
    var port: UInt16 = 0
    var path = ""

    static let udp = DoorAddress(kind: "udp")

    static var all: [DoorAddress] {
        [
            udp, DoorAddress(kind: "tcp"),
            DoorAddress(kind: "unix", path: temporarySocketPath("key")),
        ]
    }

    static func temporarySocketPath(_ name: String) -> String {
        FileManager.default.temporaryDirectory.path
            + "/aikagi-\(name)-\(ProcessInfo.processInfo.processIdentifier).sock"
    }

    /// The same in C.
    var doorKind: aikagi_door_kind {
        switch kind {
        case "udp": AIKAGI_DOOR_UDP
        case "tcp": AIKAGI_DOOR_TCP
        default: AIKAGI_DOOR_UNIX
        }
    }
}

/// A connection of the client in C.
struct DoorClient {
    /// What a door did not do.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let address: DoorAddress
    private let descriptor: CInt
    private var channel = ChannelID.broadcast

    init(_ address: DoorAddress) throws {
        self.address = address
        descriptor = aikagi_door_connect(address.doorKind, address.port, address.path)
        guard descriptor >= 0 else { throw Failure(description: "cannot connect to the \(address.kind) door") }
    }

    /// CTAPHID_INIT: asks for a channel of its own.
    mutating func openChannel() throws {
        let nonce: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
        let answer = try exchange(bytes(of: CTAPHIDMessage(command: .initialize, bytes: nonce)))
        channel = ChannelID(rawValue: answer[15..<19].reduce(0) { $0 << 8 | UInt32($1) })
    }

    /// The reports of a request, one after the other.
    func reports(of request: CTAPRequest) throws -> [UInt8] {
        bytes(of: try CTAPHIDMessage(command: .cbor, bytes: request.message))
    }

    /// Sends a request, and expects it to succeed.
    func respond(to request: CTAPRequest) throws -> [UInt8] {
        let answer = try exchange(reports(of: request))
        guard answer[4] == 0x90, answer[7] == 0 else {
            throw Failure(description: "\(request.command) is answered with \(answer[..<8])")
        }
        return answer
    }

    /// Sends reports, and receives those of the answer.
    func exchange(_ reports: [UInt8]) throws -> [UInt8] {
        var answer = [UInt8](repeating: 0, count: 129 * HIDReport.byteCount)
        let count = reports.withUnsafeBufferPointer { reports in
            answer.withUnsafeMutableBufferPointer { answer in
                aikagi_door_exchange(
                    descriptor, address.doorKind, reports.baseAddress, reports.count, answer.baseAddress, answer.count)
            }
        }
        guard count > 0 else { throw Failure(description: "the \(address.kind) door does not answer") }
        answer.removeLast(answer.count - count)
        return answer
    }

    private func bytes(of message: CTAPHIDMessage) -> [UInt8] { message.reports(on: channel).flatMap(\.bytes) }
}
