import Foundation
import Glibc
import HIDTransport
import TestSupport
import Testing

@testable import ProgramRunner
@testable import QRCodes
@testable import ScreenCapture

@Suite struct ScreenTests {
    @Test("The header of a window dump is 25 big-endian numbers, as X11/XWDFile.h has them")
    func header() {
        let header = WindowDumpHeader.bytes(width: 0x1234, height: 2)
        #expect(
            header.hex
                == "00000064 00000007 00000002 00000018 00001234 00000002 00000000 00000000 00000020 00000000 00000020"
                .replacing(" ", with: "")
                + "00000020 000048d0 00000004 00ff0000 0000ff00 000000ff 00000008 00000100 00000000".replacing(
                    " ", with: "") + "00001234 00000002 00000000 00000000 00000000".replacing(" ", with: ""))
    }

    @Test("What has such a header is read as an image of that size")
    func image() throws {
        let image = GrayscaleImage(width: 3, height: 2, pixels: [0, 255, 0, 255, 255, 0])
        #expect(try XWDImage.decode(WindowDump.of(image)) == image)
    }

    @Test("The screen of an Xvfb is what its file has now")
    func framebuffer() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/aikagi-screen-\(UUID())"
        let screen = FramebufferScreen(folder: folder)
        let path = folder + "/Xvfb_screen0"
        #expect(throws: ScreenError.noFramebuffer(path: path, errorNumber: ENOENT)) { try screen.capture() }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }  // a test's folder; nothing depends on it
        for size in [1, 100_000] {
            let bytes = [UInt8](repeating: UInt8(size % 251), count: size)
            try Data(bytes).write(to: URL(filePath: path))
            #expect(try screen.capture() == bytes)
        }
        try Data().write(to: URL(filePath: path))
        #expect(throws: ScreenError.self) { try screen.capture() }
    }

    @Test("A display that does not exist is an error that names it", arguments: [":54321", "nonsense", ""])
    func noDisplay(name: String) {
        guard !name.isEmpty || ProcessInfo.processInfo.environment["DISPLAY"] == nil else { return }
        #expect(throws: ScreenError.noDisplay(name)) { try XDisplayScreen(name) }
    }

    @Test(
        "Every error is one sentence that says what to do",
        arguments: [
            ScreenError.noFramebuffer(path: "/f", errorNumber: EIO), .noDisplay(":1"), .noImage(":1"),
        ])
    func sentences(error: ScreenError) {
        let text = error.description
        #expect(!text.contains("\n") && !text.hasSuffix("."))
        #expect(text.contains("; "))
    }
}

private let xvfb: String? = ["/usr/bin/Xvfb", "/usr/local/bin/Xvfb"].first { (path: String) in access(path, X_OK) == 0 }

@Suite(.timeLimit(.minutes(1)), .enabled(if: xvfb != nil, "Xvfb is missing")) struct XvfbTests {
    @Test("Both ways of looking at an Xvfb show the same picture; a server that has ended shows none")
    func bothWays() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/aikagi-xvfb-\(UUID())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }  // a test's folder; nothing depends on it
        var ends: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
        let reader = SocketDescriptor(takingOver: ends[0])
        // The old background has a pattern, so that rows and columns cannot be mistaken.
        let server = ChildProcess(
            ChildProcess.Plan(
                arguments: [
                    try #require(xvfb), "-displayfd", String(ends[1]), "-screen", "0", "200x100x24", "-fbdir", folder,
                    "-nolisten", "tcp", "-retro",
                ], environment: [:], inheritedDescriptors: [ends[1]],
                defaultSignals: ChildProcess.Plan.signalsOfAnyProgram, isQuiet: true,
                handedOver: [SocketDescriptor(takingOver: ends[1])]))
        async let status = server.run()
        let name: String = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var text = ""
                var byte: UInt8 = 0
                while read(reader.number, &byte, 1) == 1, byte != UInt8(ascii: "\n") {
                    text.unicodeScalars.append(Unicode.Scalar(byte))
                }
                continuation.resume(returning: ":" + text)
            }
        }
        defer { server.signal(SIGKILL) }
        let display = try XDisplayScreen(name)
        let image = try XWDImage.decode(try display.capture())
        #expect(image.width == 200 && image.height == 100)
        #expect(Set(image.pixels).count > 1)
        let kept = try XWDImage.decode(try FramebufferScreen(folder: folder).capture())
        #expect(kept.width == 200 && kept.height == 100)
        // The pointer in the middle is in the file only.
        for row in 0..<100 {
            let left = row * 200..<row * 200 + 80
            #expect(kept.pixels[left] == image.pixels[left])
        }
        server.signal(SIGTERM)
        #expect(try await status == 0)
        #expect(throws: ScreenError.noImage(name)) { try display.capture() }
    }
}
