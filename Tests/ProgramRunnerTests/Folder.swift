import Foundation
import Glibc
import Testing

/// A folder for one test, gone afterwards.
func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    var template = Array("/tmp/aikagi-test-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { try? FileManager.default.removeItem(atPath: path) }  // a test's folder; nothing depends on it
    return try await body(path)
}

/// Whether something is at a path.
func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
