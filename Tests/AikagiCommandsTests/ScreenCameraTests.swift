import ScreenCapture
import Synchronization
import TestSupport
import Testing

@testable import AikagiCommands

@Suite struct ScreenCameraTests {
    /// A screen of one pixel that shows one grey after the other, and then the last one.
    private final class FakeScreen: Screen {
        private let looks: Mutex<[UInt8?]>

        init(_ greys: [UInt8?]) { looks = Mutex(greys) }

        /// How many greys were not looked at.
        var rest: Int { looks.withLock(\.count) }

        func capture() throws(ScreenError) -> [UInt8] {
            let grey = looks.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
            guard let grey else { throw .noImage("fake") }
            let header: [UInt32] = [
                100, 7, 2, 24, 1, 1, 0, 0, 32, 0, 32, 32, 4, 4, 0xFF0000, 0xFF00, 0xFF, 8, 256, 0, 1, 1, 0, 0, 0,
            ]
            let bytes = header.flatMap { number in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) } }
            return bytes + [grey, grey, grey, 0]
        }
    }

    /// A picture, while a clock that only this moves goes on.
    private func picture(of screen: FakeScreen, looks: Int) async -> [UInt8]? {
        let clock = ManualClock()
        async let picture = ScreenCamera(screen, clock: clock).picture()
        for _ in 0..<looks {
            await clock.sleepers()
            clock.advance(by: .milliseconds(300))
        }
        return await picture
    }

    @Test("A screen is taken when two looks are alike")
    func still() async {
        let screen = FakeScreen([1, 2, 3, 3, 4])
        let picture = await picture(of: screen, looks: 4)
        #expect(picture.flatMap(PictureSize.init(of:)).map { [$0.width, $0.height] } == [1, 1])
        #expect(screen.rest == 1)
    }

    @Test("A screen that never rests is taken all the same")
    func restless() async {
        let screen = FakeScreen((0..<30).map { UInt8($0) })
        #expect(await picture(of: screen, looks: 10) != nil)
        #expect(screen.rest == 20)
    }

    @Test("A screen that cannot be looked at has no picture")
    func blind() async {
        #expect(await picture(of: FakeScreen([nil]), looks: 1) == nil)
    }

    @Test(
        "Without a display that can be read there is no camera",
        arguments: [[:], ["DISPLAY": ""], ["DISPLAY": ":1", "WAYLAND_DISPLAY": "w"]])
    func noDisplay(environment: [String: String]) {
        #expect(ScreenCamera(environment: environment) == nil)
    }
}
