import Foundation
import ProgramRunner

/// Which screen the programs of a session have, and how phones look at it.
struct SessionScreen: Sendable {
    /// The X display that they share with us, if it is to be looked at.
    let display: String?
    /// The screen of their own, if they are to have one; its folder is the session's.
    let virtualDisplay: VirtualDisplay?

    /// What a program needs to use it; the command is still empty.
    var plan: ProgramPlan {
        ProgramPlan(
            command: [], environment: virtualDisplay == nil ? [:] : SessionScreen.removedVariables,
            display: virtualDisplay)
    }

    /// What would lead a program away from a virtual screen.
    private static let removedVariables: [String: String?] = [
        "WAYLAND_DISPLAY": nil, "XAUTHORITY": nil, "XDG_SESSION_TYPE": nil,
    ]

    /// Decides by the options and by what there is.
    ///
    /// - Parameter isWanted: Whether the programs need a screen even if no phone looks at it.
    /// - Throws: ``SurroundingsError/missingProgram(_:package:)`` without Xvfb.
    init(
        _ options: DeviceOptions, isWanted: Bool, folder: String,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        func isSet(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let isWayland = isSet("WAYLAND_DISPLAY") != nil
        let isToBeSeen = options.phones.contains { $0.scanning == .auto }
        let isToBeLookedAt = !options.phones.isEmpty && !isWayland
        let ownDisplay = isSet("DISPLAY")
        let hasOwn = isWayland ? !isToBeSeen : ownDisplay != nil
        if !options.virtualScreen && (hasOwn || !(isWanted || options.hasPhone)) {
            display = isToBeLookedAt ? ownDisplay : nil
            virtualDisplay = nil
            return
        }
        if isWayland && !options.virtualScreen {
            Console.standard.note(
                "aikagi: programs cannot read this Wayland session's screen, so a virtual one is used; "
                    + "to stay on yours, use --phone manual")
        }
        guard let program = HostCheck.find("Xvfb") else {
            if !isWanted && !options.virtualScreen {
                // Not every program that sees a phone needs a screen.
                Console.standard.note(
                    "aikagi: no screen for the phone to look at; run `sudo apt-get install xvfb` to have one")
                display = nil
                virtualDisplay = nil
                return
            }
            throw SurroundingsError.missingProgram("Xvfb", package: "xvfb")
        }
        display = nil
        virtualDisplay = VirtualDisplay(program: program, folder: folder)
    }
}
