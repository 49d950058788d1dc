import Crypto
import FoundationEssentials

/// The domain of a tunnel service, as an advertisement names it (CTAP 2.3 §11.5.1).
///
/// 0 and 1 are assigned, 2 to 255 are not; every number from 256 on hashes to a domain that whoever registers it may
/// serve.
public struct TunnelDomain: Hashable, Sendable {
    /// Google's tunnel service, number 0.
    public static let google = TunnelDomain(checkedID: 0)
    /// Apple's tunnel service, number 1.
    public static let apple = TunnelDomain(checkedID: 1)

    /// How many domains are assigned, for key 2 of a QR code.
    public static let assignedCount: UInt64 = 2

    private static let assignedNames = ["cable.ua5v.com", "cable.auth.com"]
    private static let firstHashedID: UInt16 = 256

    /// The number in the advertisement.
    public let id: UInt16

    /// The domain of some number.
    ///
    /// - Returns: `nil` for the numbers that are not assigned, 2 to 255.
    public init?(id: UInt16) {
        guard Int(id) < Self.assignedNames.count || id >= Self.firstHashedID else { return nil }
        self.init(checkedID: id)
    }

    private init(checkedID: UInt16) { id = checkedID }

    /// The host name.
    public var name: String {
        id < Self.firstHashedID ? Self.assignedNames[Int(id)] : Self.hashedName(id)
    }

    private static func hashedName(_ id: UInt16) -> String {
        let input =
            Array("caBLEv2 tunnel server domain".utf8)
            + [UInt8(truncatingIfNeeded: id), UInt8(truncatingIfNeeded: id >> 8), 0]
        var value = SHA256.hash(data: input).prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let topLevelDomain = [".com", ".org", ".net", ".info"][Int(value & 3)]
        value >>= 2
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")
        var label = ""
        while value != 0 {
            label.append(alphabet[Int(value & 31)])
            value >>= 5
        }
        return "cable." + label + topLevelDomain
    }
}

extension TunnelDomain: CustomStringConvertible {
    /// The host name.
    public var description: String { name }
}
