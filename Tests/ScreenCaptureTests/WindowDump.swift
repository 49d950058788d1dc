import Synchronization

@testable import QRCodes
@testable import ScreenCapture

/// What an X server would give for a screen.
enum WindowDump {
    /// A grey image, in four bytes each: blue, green, red and one more.
    static func of(_ image: GrayscaleImage) -> [UInt8] {
        WindowDumpHeader.bytes(width: UInt32(image.width), height: UInt32(image.height))
            + image.pixels.flatMap { [$0, $0, $0, 0] }
    }

    /// A screen with a QR code in its middle.
    static func of(_ text: String) throws -> [UInt8] { of(try QRCode.draw(text).image(moduleSize: 3, quietZone: 4)) }

    /// A screen with several QR codes side by side.
    static func of(_ texts: [String]) throws -> [UInt8] {
        let images = try texts.map { try QRCode.draw($0).image(moduleSize: 3, quietZone: 4) }
        let (width, height) = (images.map(\.width).reduce(0, +), images.map(\.height).max() ?? 0)
        var pixels: [UInt8] = []
        for row in 0..<height {
            for image in images {
                pixels +=
                    row < image.height
                    ? Array(image.pixels[row * image.width..<(row + 1) * image.width])
                    : Array(repeating: 255, count: image.width)
            }
        }
        return of(GrayscaleImage(width: width, height: height, pixels: pixels))
    }

    /// A grey screen without any.
    static func empty(_ level: UInt8 = 128) -> [UInt8] {
        of(GrayscaleImage(width: 100, height: 80, pixels: Array(repeating: level, count: 8000)))
    }
}

/// A screen that shows what a test says.
final class FakeScreen: Screen {
    private let state: Mutex<(result: Result<[UInt8], ScreenError>, count: Int)>

    init(_ dump: [UInt8]) { state = Mutex((.success(dump), 0)) }

    /// How often it was looked at.
    var lookCount: Int { state.withLock(\.count) }

    func show(_ dump: [UInt8]) { state.withLock { $0.result = .success(dump) } }

    func fail(_ error: ScreenError) { state.withLock { $0.result = .failure(error) } }

    func capture() throws(ScreenError) -> [UInt8] {
        try state.withLock { state in
            state.count += 1
            return state.result
        }.get()
    }
}
