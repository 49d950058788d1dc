/// A command APDU as U2F uses it (ISO 7816-4 §5.1; U2F Raw Message Formats 1.2 §3): short or extended lengths.
///
///     CLA INS P1 P2 [Lc data] [Le]        short: Lc 1 byte; extended: 00, then Lc 2 bytes, big-endian
struct CommandAPDU: Equatable {
    /// CLA.
    let instructionClass: UInt8
    /// INS.
    let instruction: UInt8
    /// P1.
    let parameter1: UInt8
    /// P2.
    let parameter2: UInt8
    /// The data.
    let data: [UInt8]

    /// Reads an APDU; `nil` when its lengths do not add up.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 4 else { return nil }
        (instructionClass, instruction) = (bytes[0], bytes[1])
        (parameter1, parameter2) = (bytes[2], bytes[3])
        let rest = bytes.dropFirst(4)
        switch rest.count {
        case 0, 1: data = []  // no data; perhaps Le
        case 3 where rest.first == 0: data = []  // extended Le alone
        case _ where rest.first == 0:
            guard rest.count >= 3 else { return nil }
            let length = Int(bytes[5]) << 8 | Int(bytes[6])
            let body = rest.dropFirst(3)
            guard body.count == length || body.count == length + 2 else { return nil }
            data = Array(body.prefix(length))
        default:
            let length = Int(bytes[4])
            let body = rest.dropFirst()
            guard body.count == length || body.count == length + 1 else { return nil }
            data = Array(body.prefix(length))
        }
    }
}
