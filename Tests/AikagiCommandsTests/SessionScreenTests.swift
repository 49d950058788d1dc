import ArgumentParser
import ProgramRunner
import Testing

@testable import AikagiCommands

@Suite struct SessionScreenTests {
    /// Where a program's screen is: "virtual", the display that it shares and that is looked at, or nothing of both.
    private static func screen(
        _ arguments: [String], isWanted: Bool = false, _ environment: [String: String]
    ) throws -> String {
        let screen = try SessionScreen(
            try DeviceOptions.parse(arguments), isWanted: isWanted, folder: "/f", environment: environment)
        if let display = screen.virtualDisplay {
            #expect(display.folder == "/f")
            #expect(screen.display == nil)
            #expect(screen.plan.display == display)
            #expect(Set(screen.plan.environment.keys) == ["WAYLAND_DISPLAY", "XAUTHORITY", "XDG_SESSION_TYPE"])
            #expect(screen.plan.environment.values.allSatisfy { $0 == nil })
            return "virtual"
        }
        #expect(screen.plan.display == nil)
        #expect(screen.plan.environment.isEmpty)
        return screen.display ?? "none"
    }

    static let key = ["--key", "platform"]
    static let auto = ["--phone", "auto"]
    static let manual = ["--phone", "manual"]
    static let x = ["DISPLAY": ":3"]
    static let wayland = ["DISPLAY": ":3", "WAYLAND_DISPLAY": "wayland-0"]

    static let cases: [([String], isWanted: Bool, [String: String], String)] = [
        // Keys need no screen; a browser does.
        (key, false, [:], "none"), (key, false, x, "none"), (key, true, x, "none"), (key, true, wayland, "none"),
        (key, true, [:], "virtual"), (key, true, ["DISPLAY": ""], "virtual"),
        // Phones look at the X display that there is, else at one of our own.
        (auto, false, x, ":3"), (auto, false, [:], "virtual"), (manual, false, x, ":3"),
        (manual, false, [:], "virtual"),
        (auto, false, ["WAYLAND_DISPLAY": "", "DISPLAY": ":3"], ":3"),
        // A Wayland session's screen cannot be looked at: then a person does.
        (auto, false, wayland, "virtual"), (manual, false, wayland, "none"), (manual + auto, true, wayland, "virtual"),
        // As it is asked for.
        (auto + ["--virtual-screen"], false, x, "virtual"), (key + ["--virtual-screen"], false, x, "virtual"),
        (manual + ["--virtual-screen"], false, wayland, "virtual"),
    ]

    @Test(
        "Programs share the screen that there is if phones can look at it, else they have their own", arguments: cases)
    func screen(arguments: [String], isWanted: Bool, environment: [String: String], expected: String) throws {
        guard expected != "virtual" || HostCheck.find("Xvfb") != nil else {
            // Not every program that sees a phone needs a screen.
            guard isWanted || arguments.contains("--virtual-screen") else {
                return #expect(try Self.screen(arguments, isWanted: isWanted, environment) == "none")
            }
            #expect(throws: SurroundingsError.missingProgram("Xvfb", package: "xvfb")) {
                try Self.screen(arguments, isWanted: isWanted, environment)
            }
            return
        }
        #expect(try Self.screen(arguments, isWanted: isWanted, environment) == expected)
    }
}
