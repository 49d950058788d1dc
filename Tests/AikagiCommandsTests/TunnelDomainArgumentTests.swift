import HybridProtocol
import Testing

@testable import AikagiCommands

@Suite struct TunnelDomainArgumentTests {
    @Test("A tunnel domain is given by number or by name")
    func tunnelDomain() {
        #expect(TunnelDomainArgument(argument: "266")?.domain.name == "cable.wufkweyy3uaxb.com")
        #expect(TunnelDomainArgument(argument: "cable.WUFKWEYY3UAXB.com")?.domain.id == 266)
        #expect(TunnelDomainArgument(argument: "cable.ua5v.com")?.domain.id == 0)
        for refused in ["2", "255", "65536", "-1", "example.com", ""] {
            #expect(TunnelDomainArgument(argument: refused) == nil, "\(refused)")
        }
    }
}
