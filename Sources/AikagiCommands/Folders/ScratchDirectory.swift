import Foundation
import Glibc

/// A folder for one run, removed with all it holds when `body` ends.
func withScratchDirectory<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    var template = Array((FileManager.default.temporaryDirectory.path + "/aikagi-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else {
        throw CommandFailure("cannot create a folder for temporary files: \(String(cString: strerror(errno)))")
    }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
        try? FileManager.default.removeItem(atPath: path)  // cleanup: nothing to be done about a failure
    }
    return try await body(path)
}
