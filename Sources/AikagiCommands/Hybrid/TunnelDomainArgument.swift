import ArgumentParser
import HybridProtocol

/// A tunnel domain on the command line: its number or its name.
struct TunnelDomainArgument: ExpressibleByArgument {
    /// The domain.
    let domain: TunnelDomain

    init?(argument: String) {
        if let id = UInt16(argument) {
            guard let domain = TunnelDomain(id: id) else { return nil }
            self.domain = domain
            return
        }
        let name = argument.lowercased()
        let known = (0...UInt16.max).lazy.compactMap { TunnelDomain(id: $0) }
        guard let domain = known.first(where: { $0.name == name }) else { return nil }
        self.domain = domain
    }

    /// The domain that `aikagi tunnel` serves unless told otherwise: a hashed one, so that no real service is imitated.
    static let standard = 266
}
