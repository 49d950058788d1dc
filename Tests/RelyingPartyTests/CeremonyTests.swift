import FoundationEssentials
import RelyingParty
import Testing

@Suite struct CeremonyTests {
    @Test("A ceremony survives being stored as JSON")
    func codable() throws {
        let ceremony = try makeRelyingParty().registration()
        let copy = try JSONDecoder().decode(Ceremony.self, from: JSONEncoder().encode(ceremony))
        #expect(copy == ceremony)
    }
}
