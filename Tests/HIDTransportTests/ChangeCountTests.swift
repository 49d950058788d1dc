import HIDTransport
import Testing

@Suite(.timeLimit(.minutes(1))) struct ChangeCountTests {
    @Test("Whoever waits hears of the next change, and of one that came before they waited")
    func waits() async {
        let changes = ChangeCount()
        changes.increment()
        #expect(changes.count == 1)
        await changes.wait(beyond: 0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { await changes.wait(beyond: 1) } }
            changes.increment()
            await group.waitForAll()
        }
        #expect(changes.count == 2)
    }

    @Test("A wait ends with its task, whether that is cancelled before or meanwhile")
    func cancelled() async {
        let changes = ChangeCount()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                withUnsafeCurrentTask { $0?.cancel() }
                await changes.wait(beyond: 0)
            }
            group.addTask { await changes.wait(beyond: 0) }
            await group.next()
            group.cancelAll()
            await group.waitForAll()
        }
        #expect(changes.count == 0)
    }
}
