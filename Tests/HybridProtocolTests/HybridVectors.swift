import Fixtures
import FoundationEssentials
import TestSupport
import Testing

/// One vector of `Fixtures/Hybrid/hybrid.json`.
struct HybridVector: Decodable, Sendable, CustomTestStringConvertible {
    let id: String
    let group: String
    let inputs: JSON
    let outputs: JSON

    var testDescription: String { id }

    private struct File: Decodable { let vectors: [HybridVector] }

    /// All vectors of the file.
    static func all() throws -> [HybridVector] {
        try JSONDecoder().decode(File.self, from: Fixtures.data("Hybrid/hybrid.json")).vectors
    }

    /// The vectors of one group; the table of a parameterised test.
    static func group(_ name: String) throws -> [HybridVector] {
        try all().filter { $0.group == name }
    }

    /// The vector of some identifier.
    static func named(_ id: String) throws -> HybridVector {
        try #require(all().first { $0.id == id })
    }
}

/// Any JSON value.
enum JSON: Decodable, Sendable, Equatable {
    case null
    case boolean(Bool)
    case number(Int)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSON].self))
        }
    }

    /// The member of an object, if there is one.
    subscript(key: String) -> JSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    /// The text, if this is some.
    var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The number, if this is one.
    var number: Int? {
        if case .number(let value) = self { value } else { nil }
    }

    /// The bytes under a key, which hexadecimal digits spell.
    func bytes(_ key: String) throws -> [UInt8] {
        let text = try #require(self[key]?.string, "\(key) is missing")
        return try #require([UInt8](hex: text), "\(key) is not hexadecimal")
    }
}
