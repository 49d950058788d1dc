import SoftwareAuthenticator
import Testing

@Suite("Randomness of the system", .timeLimit(.minutes(1)))
struct SystemRandomnessTests {
    @Test("no number comes twice, whoever asks at the same time")
    func distinct() async {
        let generator = SystemRandomness()
        let numbers = await withTaskGroup(of: [UInt64].self) { group in
            for _ in 0..<8 { group.addTask { (0..<1000).map { _ in generator.next() } } }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(numbers).count == 8000)
        // Every bit is set about as often as not: 4000 ± 8 standard deviations of 45.
        for bit in 0..<64 {
            let count = numbers.count { $0 >> UInt64(bit) & 1 == 1 }
            #expect((3640...4360).contains(count), "bit \(bit)")
        }
    }

    @Test("two generators have nothing in common")
    func independent() {
        let (one, other) = (SystemRandomness(), SystemRandomness())
        let numbers = (0..<100).flatMap { _ in [one.next(), other.next()] }
        #expect(Set(numbers).count == 200)
    }
}
