import Glibc

/// Why a screen cannot be looked at.
public enum ScreenError: Error, Hashable, Sendable {
    /// The file in which Xvfb keeps its screen cannot be read; with the error number.
    case noFramebuffer(path: String, errorNumber: Int32)
    /// No X server answers for this display.
    case noDisplay(String)
    /// The X server does not give its pixels, as one that shows nothing of its own (a Wayland session's).
    case noImage(String)
}

extension ScreenError: CustomStringConvertible {
    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .noFramebuffer(let path, let number):
            "the virtual screen \(path) cannot be read (\(String(cString: strerror(number)))); has Xvfb ended?"
        case .noDisplay(let name):
            "the display \(name) cannot be opened; check DISPLAY and XAUTHORITY, or unset DISPLAY for a virtual screen"
        case .noImage(let name):
            "the display \(name) does not let its screen be read; unset DISPLAY for a virtual screen, or use --phone manual"
        }
    }
}
