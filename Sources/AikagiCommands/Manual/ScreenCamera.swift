import Dispatch
import FoundationEssentials
import QRCodes
import ScreenCapture

/// Takes pictures of a screen for the report, once it does not change any more.
struct ScreenCamera: Sendable {
    private let screen: any Screen
    private let clock: any Clock<Duration>
    private let queue = DispatchQueue(label: "screen camera")

    /// Between two looks; two that are alike make a picture.
    private static let interval = Duration.milliseconds(300)
    /// A screen that moves all the time is taken as it is after so many looks.
    private static let maximumLooks = 10

    /// A camera in front of a screen.
    init(_ screen: any Screen, clock: any Clock<Duration> = ContinuousClock()) {
        self.screen = screen
        self.clock = clock
    }

    /// A camera in front of the display that the environment names; `nil` where there is none, or none that can be read.
    init?(environment: [String: String]) {
        guard let name = environment["DISPLAY"], !name.isEmpty, environment["WAYLAND_DISPLAY"] ?? "" == "",
            let screen = try? XDisplayScreen(name)
        else { return nil }
        self.init(screen)
    }

    /// A PNG of the screen; `nil` when it cannot be looked at any more.
    func picture() async -> [UInt8]? {
        var last: [UInt8]?
        for _ in 0..<Self.maximumLooks {
            do { try await clock.sleep(for: Self.interval) } catch { return nil }  // cancelled
            guard let now = await look() else { return nil }
            if now == last { break }
            last = now
        }
        return last.flatMap { try? WindowDumpPicture.png($0) }
    }

    /// Looks once, on a thread of our own.
    private func look() async -> [UInt8]? {
        let screen = screen
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: try? screen.capture()) }
        }
    }
}
