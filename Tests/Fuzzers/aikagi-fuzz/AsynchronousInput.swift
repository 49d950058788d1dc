import Dispatch

/// Runs something asynchronous to its end, since libFuzzer knows nothing of that.
func runToEnd(_ body: @escaping @Sendable () async -> Void) {
    let done = DispatchSemaphore(value: 0)
    // The thread that waits is libFuzzer's, none of those that run tasks; the task ends before this function does.
    Task.detached {
        await body()
        done.signal()
    }
    done.wait()
}
