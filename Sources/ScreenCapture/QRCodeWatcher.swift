import Dispatch
import QRCodes

/// Watches a screen for QR codes, as a phone's camera does.
public struct QRCodeWatcher: Sendable {
    private let screen: any Screen
    private let interval: Duration
    private let clock: any Clock<Duration>
    private let queue = DispatchQueue(label: "aikagi.qr-code-watcher")

    /// A watcher that looks as often as the interval says.
    ///
    /// - Parameters:
    ///   - interval: Between two looks; the default costs a few per cent of a core while nothing changes.
    public init(
        screen: any Screen, interval: Duration = .milliseconds(10), clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.screen = screen
        self.interval = interval
        self.clock = clock
    }

    /// Calls a function for each QR code that is on the screen, when it appears; returns when the task is cancelled.
    ///
    /// A code that goes and comes again is reported again.
    ///
    /// - Throws: ``ScreenError`` when the screen cannot be looked at.
    public func run(_ found: (QRCodeSighting) async -> Void) async throws {
        var search = QRCodeSearch()
        var last: ContinuousClock.Instant?
        while !Task.isCancelled {
            let began = ContinuousClock.now
            var texts: [String] = []
            let taken = try await clock.measure { (texts, search) = try await look(search) }
            for text in texts { await found(QRCodeSighting(text: text, unseenAt: last)) }
            last = began
            // Who has found a code has something better to do with the processor for a while.
            let pause = texts.isEmpty ? interval - taken : interval * 10
            do { try await clock.sleep(for: max(pause, .zero)) } catch { return }  // cancelled
        }
    }

    /// Looks once, on a thread of our own.
    private func look(_ search: QRCodeSearch) async throws -> ([String], QRCodeSearch) {
        let screen = screen
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { [search] in
                continuation.resume(
                    with: Result {
                        var search = search
                        let texts = search.look(at: try screen.capture())
                        return (texts, search)
                    })
            }
        }
    }
}
