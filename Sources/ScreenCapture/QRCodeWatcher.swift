import Dispatch
import Glibc
import QRCodes

/// Watches a screen for QR codes, as a phone's camera does.
public struct QRCodeWatcher: Sendable {
    private let screen: any Screen
    private let interval: Duration
    private let clock: any Clock<Duration>
    private let queue = DispatchQueue(label: "aikagi.qr-code-watcher")

    /// A watcher that looks as often as the interval says; a screen that has not changed costs no decoding.
    ///
    /// - Parameters:
    ///   - interval: Between two looks; 20 ms is unnoticeable for people and costs a few per cent of a core.
    public init(
        screen: any Screen, interval: Duration = .milliseconds(20), clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.screen = screen
        self.interval = interval
        self.clock = clock
    }

    /// Calls a function with the text of each QR code that is on the screen, when it appears; returns when the task is
    /// cancelled.
    ///
    /// A code that goes and comes again is reported again.
    ///
    /// - Throws: ``ScreenError`` when the screen cannot be looked at.
    public func run(_ found: (String) async -> Void) async throws {
        var last: [UInt8] = []
        var shown: Set<String> = []
        while !Task.isCancelled {
            let previous = last
            let look = try await look(previous)
            if let look {
                last = look.dump
                for text in look.texts where !shown.contains(text) { await found(text) }
                shown = Set(look.texts)
            }
            do { try await clock.sleep(for: interval) } catch { return }  // cancelled
        }
    }

    private struct Look: Sendable {
        let dump: [UInt8]
        let texts: [String]
    }

    /// What has changed on the screen; `nil` for nothing.
    private func look(_ previous: [UInt8]) async throws -> Look? {
        let screen = screen
        return try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(
                    with: Result {
                        let dump = try screen.capture()
                        guard !QRCodeWatcher.isSame(dump, previous) else { return nil }
                        do throws(QRCodeError) {
                            return Look(dump: dump, texts: try QRImageReader.read(data: dump))
                        } catch {
                            // A screen without a code, or one that is just being drawn.
                            return Look(dump: dump, texts: [])
                        }
                    })
            }
        }
    }

    /// The C library's comparison: the generic one takes its time where it is not optimised.
    private static func isSame(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        one.count == other.count
            && one.withUnsafeBytes { one in
                other.withUnsafeBytes { other in
                    guard let left = one.baseAddress, let right = other.baseAddress else { return true }
                    return memcmp(left, right, one.count) == 0
                }
            }
    }
}
