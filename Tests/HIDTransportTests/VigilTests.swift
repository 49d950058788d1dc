import Testing

@testable import HIDTransport

@Suite struct VigilTests {
    @Test("Vain times make the next attempt rarer by half, down to one in 1024")
    func vain() {
        var vigil = Vigil()
        for waits in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024, 1024] {
            #expect(waitsUntilAttempt(&vigil) == waits)
            vigil.ended(byEvent: false)
        }
    }

    @Test("One that was worth it makes the next wait an attempt as well")
    func worthwhile() {
        var vigil = Vigil()
        for _ in 0..<12 {
            _ = waitsUntilAttempt(&vigil)
            vigil.ended(byEvent: false)
        }
        _ = waitsUntilAttempt(&vigil)
        for _ in 0..<3 {
            vigil.ended(byEvent: true)
            #expect(waitsUntilAttempt(&vigil) == 1)
        }
        vigil.ended(byEvent: false)
        #expect(waitsUntilAttempt(&vigil) == 2)
    }

    /// How many waits it takes, the one that is an attempt included; the first 10,000 of them.
    private func waitsUntilAttempt(_ vigil: inout Vigil) -> Int? { (1...10_000).first { _ in vigil.begins() } }
}
