import CXCB
import Glibc
import Synchronization

/// The screen of a running X server, as its clients may read it.
public final class XDisplayScreen: Screen {
    /// The connection.
    ///
    /// `@unchecked Sendable`: the pointer is used, and at the end given back, only under the lock of ``connection``.
    private struct Connection: @unchecked Sendable {
        let pointer: OpaquePointer
        let root: xcb_window_t
        let size: (width: UInt16, height: UInt16)
        let depth: UInt8
    }

    private let name: String
    private let connection: Mutex<Connection>

    /// Connects to a display.
    ///
    /// - Parameter name: As in DISPLAY, for example `:0`.
    /// - Throws: ``ScreenError/noDisplay(_:)``.
    public init(_ name: String) throws(ScreenError) {
        self.name = name
        guard let pointer = xcb_connect(name, nil) else { throw .noDisplay(name) }
        guard xcb_connection_has_error(pointer) == 0,
            let screen = xcb_setup_roots_iterator(xcb_get_setup(pointer)).data?.pointee
        else {
            xcb_disconnect(pointer)
            throw .noDisplay(name)
        }
        connection = Mutex(
            Connection(
                pointer: pointer, root: screen.root, size: (screen.width_in_pixels, screen.height_in_pixels),
                depth: screen.root_depth))
    }

    deinit { connection.withLock { xcb_disconnect($0.pointer) } }

    /// Asks the server for the root window's pixels.
    public func capture() throws(ScreenError) -> [UInt8] {
        let pixels = connection.withLock { connection -> [UInt8]? in
            guard connection.depth == 24 || connection.depth == 32 else { return nil }
            let (width, height) = connection.size
            let cookie = xcb_get_image(
                connection.pointer, UInt8(XCB_IMAGE_FORMAT_Z_PIXMAP.rawValue), connection.root, 0, 0, width, height,
                ~0)
            guard let reply = xcb_get_image_reply(connection.pointer, cookie, nil) else { return nil }
            defer { free(reply) }
            let count = Int(xcb_get_image_data_length(reply))
            guard count == Int(width) * Int(height) * 4, let data = xcb_get_image_data(reply) else { return nil }
            let header = WindowDumpHeader.bytes(width: UInt32(width), height: UInt32(height))
            return header + UnsafeBufferPointer(start: data, count: count)
        }
        guard let pixels else { throw .noImage(name) }
        return pixels
    }
}
