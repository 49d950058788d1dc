import Foundation
import Glibc

extension Error {
    /// Why an operation of Foundation failed, in the operating system's words and not as a dump of its error object.
    var reason: String {
        if let decoding = self as? DecodingError { return decoding.sentence }
        guard let cocoa = self as? CocoaError else { return "\(self)" }
        guard let posix = cocoa.underlying as? POSIXError else { return cocoa.localizedDescription }
        return String(cString: strerror(posix.code.rawValue))
    }
}
