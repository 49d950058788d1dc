import Glibc

/// The screen of an Xvfb that keeps it in a file (`Xvfb -fbdir`).
public struct FramebufferScreen: Screen {
    private let path: String

    /// The screen of an X server that was started with this folder.
    public init(folder: String) { path = folder + "/Xvfb_screen0" }

    /// Reads the file, which is an X window dump.
    public func capture() throws(ScreenError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .noFramebuffer(path: path, errorNumber: errno) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_size > 0 else {
            throw .noFramebuffer(path: path, errorNumber: errno)
        }
        let size = Int(status.st_size)
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let result = read(file, buffer.baseAddress.map { $0 + count }, size - count)
                if result < 0 && errno == EINTR { continue }
                guard result > 0 else { break }
                count += result
            }
        }
        guard bytes.count == size else { throw .noFramebuffer(path: path, errorNumber: EIO) }
        return bytes
    }
}
