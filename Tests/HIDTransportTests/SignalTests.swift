import Testing

@testable import HIDTransport

@Suite(.timeLimit(.minutes(1))) struct SignalTests {
    @Test("What is said before the wait counts, once")
    func sticky() async {
        let signal = Signal()
        signal.set()
        signal.set()
        await signal.wait()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await signal.wait() }
            signal.set()
        }
    }

    @Test("Waiting again and again", arguments: [1000])
    func often(count: Int) async {
        let (signal, answer) = (Signal(), Signal())
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for _ in 0..<count {
                    await signal.wait()
                    answer.set()
                }
            }
            for _ in 0..<count {
                signal.set()
                await answer.wait()
            }
        }
    }

    @Test("A cancelled wait ends, whenever it is cancelled", arguments: 0..<20)
    func cancelled(round: Int) async {
        await withTaskGroup(of: Void.self) { group in
            let signal = Signal()
            group.addTask { await signal.wait() }
            if round % 2 == 0 { await Task.yield() }
            group.cancelAll()
        }
    }
}
