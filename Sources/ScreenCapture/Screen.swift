/// A screen that can be looked at.
public protocol Screen: Sendable {
    /// What the screen shows now.
    ///
    /// Takes a few milliseconds and blocks; whoever calls often does so on a thread of its own.
    ///
    /// - Returns: An X window dump (X11/XWDFile.h), which `QRImageReader` reads.
    /// - Throws: ``ScreenError``.
    func capture() throws(ScreenError) -> [UInt8]
}
