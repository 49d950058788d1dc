import BluetoothLE
import CTAP
import HybridProtocol
import HybridTransport

/// A leg of a hybrid ceremony as the commands print it: a JSON object with `--json`, else a line for people.
struct HybridEventLine: Encodable {
    var event: String
    var url: String?
    var serviceUUID: String?
    var serviceData: String?
    var routingID: String?
    var domain: String?
    var command: String?
    var status: String?
    var statusName: String?
    var decision: String?
    var hint: String?
    var request: String?
    var message: String?
    /// At most how long the screen had shown a code when it was scanned.
    var shownMilliseconds: Double?

    init(_ event: String) { self.event = event }

    init(_ event: HybridEvent) {
        switch event {
        case .tunnelOpened(let domain, let routingID):
            self.init("tunnel-open")
            self.domain = domain.name
            self.routingID = routingID.hexadecimal
        case .advertising(let advertisement):
            self.init("advertising")
            set(advertisement)
        case .advertisementSeen(let advertisement, let domain, _):
            self.init("advert")
            set(advertisement)
            self.domain = domain.name
        case .handshakeFinished: self.init("handshake")
        case .authenticatorKnown: self.init("authenticator")
        case .request(let command, _):
            self.init("request")
            self.command = command.description
        case .response(let status, _):
            self.init("response")
            self.status = "0x" + hexadecimal([status.rawValue])
            self.statusName = status.description
        case .closed: self.init("closed")
        }
    }

    private mutating func set(_ advertisement: ServiceDataAdvertisement) {
        serviceUUID = hexadecimal([UInt8(advertisement.serviceUUID >> 8), UInt8(advertisement.serviceUUID & 0xFF)])
        serviceData = hexadecimal(advertisement.serviceData)
    }

    /// The line for people.
    var text: String {
        let words = [
            hint.map { ["ga": "to log in", "mc": "to make a passkey"][$0] ?? "for \($0)" }, request, command,
            statusName, decision, domain, routingID.map { "routing \($0)" },
            serviceData.map { "\(serviceUUID ?? "") \($0)" },
        ]
        return (["\(event.replacing("-", with: " "))"] + words.compactMap { $0 }).joined(separator: "  ")
    }

    /// Prints the line.
    func print(asJSON: Bool) {
        if asJSON { Console.standard.json(self) } else { Console.standard.note(text) }
    }
}
