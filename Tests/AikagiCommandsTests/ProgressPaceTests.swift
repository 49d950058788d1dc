import Testing

@testable import AikagiCommands

@Suite struct ProgressPaceTests {
    @Test("Progress is told once in an interval")
    func pace() {
        var pace = ProgressPace(interval: .seconds(3))
        let told = [0, 1, 3, 4, 5, 9, 11, 12].filter { pace.isDue(at: .seconds($0)) }
        #expect(told == [3, 9, 12])
    }
}
