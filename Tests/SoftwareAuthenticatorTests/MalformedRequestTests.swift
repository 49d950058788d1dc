import CBOR
import CTAP
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

/// Kinds of CBOR items, with a sample of each.
private let samples: [(kind: String, value: CBORValue)] = [
    ("unsigned", 1), ("negative", -1), ("bytes", .bytes([1])), ("text", "t"), ("array", []), ("map", [:]),
    ("boolean", true), ("null", .null), ("float", .float(.half(0x3C00))), ("undefined", .simple(.undefined)),
]

@Suite("Malformed requests (§1.3)", .timeLimit(.minutes(2)))
struct MalformedRequestTests {
    private static let makeCredential: CBORValue = [
        1: .bytes(Bench.clientDataHash), 2: ["id": "manual.example", "name": "The Manual"],
        3: ["id": .bytes([1]), "name": "mina", "displayName": "Mina"], 4: [["alg": -7, "type": "public-key"]],
    ]
    private static let clientPIN: CBORValue = [1: 2, 2: 2]
    private static let management: CBORValue = [1: 1]
    private static let enrollment: CBORValue = [1: 1, 2: 7]
    private static let largeBlobs: CBORValue = [1: 17, 3: 0]
    private static let getAssertion: CBORValue = [1: "manual.example", 2: .bytes(Bench.clientDataHash)]

    /// The kind that each top-level member has.
    private static let kinds: [(CTAPCommand, CBORValue, [(key: Int, kind: String, isRequired: Bool)])] = [
        (
            .makeCredential, makeCredential,
            [
                (1, "bytes", true), (2, "map", true), (3, "map", true), (4, "array", true), (5, "array", false),
                (6, "map", false), (7, "map", false), (8, "bytes", false), (9, "unsigned", false),
                (10, "unsigned", false), (11, "array", false),
            ]
        ),
        (
            .getAssertion, getAssertion,
            [
                (1, "text", true), (2, "bytes", true), (3, "array", false), (4, "map", false), (5, "map", false),
                (6, "bytes", false), (7, "unsigned", false),
            ]
        ),
        (
            .clientPIN, clientPIN,
            [
                (1, "unsigned", true), (2, "unsigned", true), (3, "map", false), (4, "bytes", false),
                (5, "bytes", false), (6, "bytes", false), (9, "unsigned", false), (10, "text", false),
            ]
        ),
        (
            .credentialManagement, management,
            [(1, "unsigned", true), (2, "map", false), (3, "unsigned", false), (4, "bytes", false)]
        ),
        (
            .config, [1: 3],
            [(1, "unsigned", true), (2, "map", false), (3, "unsigned", false), (4, "bytes", false)]
        ),
        (
            .bioEnrollment, enrollment,
            [
                (1, "unsigned", true), (2, "unsigned", true), (3, "map", false), (4, "unsigned", false),
                (5, "bytes", false), (6, "boolean", false),
            ]
        ),
        (
            .largeBlobs, largeBlobs,
            [
                (1, "unsigned", false), (2, "bytes", false), (3, "unsigned", false), (4, "unsigned", false),
                (5, "bytes", false), (6, "unsigned", false),
            ]
        ),
    ]

    private func status(_ command: CTAPCommand, _ item: CBORValue) async -> CTAPStatus {
        await Bench().status(CTAPRequest(command, parameters: CBOREncoder.encode(item)))
    }

    private static func replacing(_ key: CBORValue, in item: CBORValue, by value: CBORValue?) -> CBORValue {
        var map = item.map ?? CBORMap()
        map[key] = value
        return .map(map)
    }

    @Test("the samples that are changed below are themselves fine")
    func controls() async {
        #expect(await status(.makeCredential, Self.makeCredential) == .success)
        #expect(await status(.getAssertion, Self.getAssertion) == .noCredentials)
        #expect(await status(.clientPIN, Self.clientPIN) == .success)
        #expect(await status(.credentialManagement, Self.management) == .puatRequired)
        #expect(await status(.config, [1: 3]) == .puatRequired)
        #expect(await status(.bioEnrollment, Self.enrollment) == .success)
        #expect(await status(.largeBlobs, Self.largeBlobs) == .success)
    }

    @Test("every top-level member with every wrong type is CTAP2_ERR_CBOR_UNEXPECTED_TYPE")
    func wrongTypes() async {
        for (command, good, members) in Self.kinds {
            for member in members {
                for sample in samples where sample.kind != member.kind {
                    let item = Self.replacing(CBORValue(member.key), in: good, by: sample.value)
                    let status = await status(command, item)
                    #expect(
                        status == .cborUnexpectedType, "\(command) with \(sample.kind) under \(member.key)")
                }
            }
        }
    }

    @Test("every required member that is missing is CTAP2_ERR_MISSING_PARAMETER")
    func missingMembers() async {
        for (command, good, members) in Self.kinds {
            for member in members where member.isRequired {
                let item = Self.replacing(CBORValue(member.key), in: good, by: nil)
                #expect(await status(command, item) == .missingParameter, "\(command) without \(member.key)")
            }
        }
    }

    @Test(
        "members of members",
        arguments: [
            (2, ["name": "n"], CTAPStatus.cborUnexpectedType), (2, ["id": 1], .cborUnexpectedType),
            (2, ["id": "r", "name": 1], .cborUnexpectedType), (3, ["name": "n"], .cborUnexpectedType),
            (3, ["id": "text"], .cborUnexpectedType), (3, ["id": .bytes([1]), "name": true], .cborUnexpectedType),
            (3, ["id": .bytes([1]), "displayName": 1], .cborUnexpectedType), (4, [1], .cborUnexpectedType),
            (4, [["alg": "-7", "type": "public-key"]], .cborUnexpectedType),
            (4, [["alg": -7, "type": 1]], .cborUnexpectedType), (4, [["alg": -7]], .invalidCBOR),
            (4, [["type": "public-key"]], .invalidCBOR),
            (4, [["alg": -7, "type": "public-key"], ["alg": -7, "type": 1]], .cborUnexpectedType),
            (5, [.bytes([1])], .cborUnexpectedType), (5, [["type": "public-key"]], .cborUnexpectedType),
            (5, [["id": .bytes([1])]], .cborUnexpectedType),
            (5, [["id": "1", "type": "public-key"]], .cborUnexpectedType),
            (5, [["id": .bytes([1]), "type": 1]], .cborUnexpectedType),
            (5, [["id": .bytes([1]), "type": "public-key", "transports": "usb"]], .cborUnexpectedType),
            (5, [["id": .bytes([1]), "type": "public-key", "transports": [1]]], .cborUnexpectedType),
            (7, ["rk": 1], .cborUnexpectedType), (7, ["up": "x"], .cborUnexpectedType),
            (7, ["uv": .null], .cborUnexpectedType), (11, [1], .cborUnexpectedType),
            (11, ["none", 1], .cborUnexpectedType),
            // What is unknown is ignored, whatever its type.
            (2, ["id": "r", "icon": 1], .success), (3, ["id": .bytes([1]), "icon": [:]], .success),
            (7, ["xy": 1], .success), (99, "x", .success), (4, [["alg": -7, "type": "public-key", "x": 1]], .success),
            // Lists without entries, texts and IDs without length.
            (2, ["id": ""], .success), (2, ["id": "r", "name": ""], .success), (3, ["id": .bytes([1])], .success),
            (3, ["id": .bytes([])], .success), (3, ["id": .bytes([1]), "name": "", "displayName": ""], .success),
            (4, [], .unsupportedAlgorithm), (5, [], .success), (6, [:], .success), (7, [:], .success),
            (11, [], .success), (11, [""], .success), (11, ["none", "none", "unknown"], .success),
            // What is given twice, or not known, is no fault; what follows it is looked at all the same.
            (4, [["alg": -7, "type": "public-key"], ["alg": -7, "type": "public-key"]], .success),
            (4, [["alg": -7, "type": "unknown"], ["alg": -7, "type": "public-key"]], .success),
            (4, [["alg": .unsigned(.max), "type": "public-key"]], .unsupportedAlgorithm),
            (4, [["alg": .negative(.max), "type": "public-key"], ["alg": -7, "type": "public-key"]], .success),
            (4, [["alg": -7, "type": "public-key"], ["alg": -7]], .invalidCBOR),
            (4, [["alg": -7, "type": "unknown"], 1], .cborUnexpectedType), (4, [["type": 1]], .cborUnexpectedType),
            (5, [["id": .bytes([]), "type": "public-key"]], .success),
            (5, [["id": .bytes([1]), "type": "unknown"], ["id": .bytes([1]), "type": "unknown"]], .success),
            (5, [["id": .bytes([1]), "type": "public-key", "transports": ["unknown"]]], .success),
            (5, [["id": .bytes([1]), "type": "public-key"], ["id": .bytes([1])]], .cborUnexpectedType),
            (6, ["unknown": [1]], .success), (6, [1: 1], .success), (9, 9, .success), (10, 0, .invalidParameter),
        ] as [(Int, CBORValue, CTAPStatus)])
    func makeCredentialMembers(key: Int, value: CBORValue, expected: CTAPStatus) async {
        let item = Self.replacing(CBORValue(key), in: Self.makeCredential, by: value)
        #expect(await status(.makeCredential, item) == expected)
    }

    @Test(
        "members of members",
        arguments: [
            (3, [1], CTAPStatus.cborUnexpectedType), (3, [["id": .bytes([1])]], .cborUnexpectedType),
            (3, [["id": 1, "type": "public-key"]], .cborUnexpectedType), (5, ["rk": 1], .cborUnexpectedType),
            (5, ["up": 1], .cborUnexpectedType), (5, ["uv": "x"], .cborUnexpectedType), (5, ["xy": 1], .noCredentials),
            (99, "x", .noCredentials), (3, [], .noCredentials), (1, "", .noCredentials), (4, [:], .noCredentials),
            (5, [:], .noCredentials), (7, 9, .noCredentials), (4, ["unknown": [1]], .noCredentials),
            (3, [["id": .bytes([1]), "type": "unknown"]], .noCredentials),
            (3, [["id": .bytes([]), "type": "public-key"]], .noCredentials),
            (3, [["id": .bytes([1]), "type": "public-key"], 1], .cborUnexpectedType),
            (3, [["type": "public-key"]], .cborUnexpectedType),
            (3, [["id": .bytes([1]), "type": "public-key", "transports": [1]]], .cborUnexpectedType),
        ] as [(Int, CBORValue, CTAPStatus)])
    func getAssertionMembers(key: Int, value: CBORValue, expected: CTAPStatus) async {
        let item = Self.replacing(CBORValue(key), in: Self.getAssertion, by: value)
        #expect(await status(.getAssertion, item) == expected)
    }

    @Test("parameters that are not a map", arguments: kinds.map(\.0))
    func notAMap(command: CTAPCommand) async {
        for sample in samples where sample.kind != "map" {
            #expect(await status(command, sample.value) == .cborUnexpectedType, "\(sample.kind)")
        }
        #expect(await status(command, [:]) == (command == .largeBlobs ? .invalidParameter : .missingParameter))
    }

    @Test("what is not canonical CBOR is CTAP2_ERR_INVALID_CBOR", arguments: kinds.map(\.0))
    func encodings(command: CTAPCommand) async throws {
        let good = CBOREncoder.encode(try #require(Self.kinds.first { $0.0 == command }).1)
        var bad: [(String, [UInt8])] = [
            ("empty parameters", []), ("trailing byte", good + [0]), ("truncated", Array(good.dropLast())),
            ("indefinite length", [0xBF] + good.dropFirst() + [0xFF]), ("tag", [0xC1] + good),
            ("longer length", [0xB8, good[0] & 0x1F] + good.dropFirst()), ("break", [0xFF]), ("reserved", [0xBC]),
            ("duplicate key", [0xA2, 0x01, 0x01, 0x01, 0x01]), ("unsorted keys", [0xA2, 0x02, 0x01, 0x01, 0x01]),
            ("longer key", [0xA1, 0x18, 0x01, 0x01]), ("not UTF-8", [0xA1, 0x01, 0x61, 0xFF]),
            ("too deep", [0xA1, 0x01, 0x81, 0x81, 0x81, 0x81, 0x01]),
            ("huge length", [0xA1, 0x01, 0x5B] + [UInt8](repeating: 0xFF, count: 8)),
        ]
        for length in 1..<good.count { bad.append(("\(length) bytes", Array(good.prefix(length)))) }
        let bench = Bench()
        for (name, bytes) in bad {
            let response = await bench.respond(CTAPRequest(command, parameters: bytes))
            #expect(response == CTAPResponse(.invalidCBOR), "\(name)")
        }
    }

    @Test("2,000 requests of seeded garbage are all answered")
    func garbage() async {
        let bench = Bench()
        var generator = SeededGenerator(seed: 2026)
        let good = [Self.makeCredential, Self.getAssertion].map(CBOREncoder.encode)
        for round in 0..<2000 {
            let command = CTAPCommand(rawValue: UInt8.random(in: 0...0x0D, using: &generator))
            var parameters: [UInt8]
            switch round % 4 {
            case 0:
                parameters = generator.bytes(Int.random(in: 0...80, using: &generator))
            case 1:
                parameters = CBOREncoder.encode(Self.randomItem(depth: 0, using: &generator))
            default:
                parameters = good[round % 4 - 2]
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    let index = Int.random(in: 0..<parameters.count, using: &generator)
                    parameters[index] = UInt8.random(in: .min ... .max, using: &generator)
                }
            }
            let response = await bench.respond(CTAPRequest(command, parameters: parameters))
            #expect(response.status != .other)
            #expect(response.status == .success || response.data.isEmpty)
        }
    }

    private static func randomItem(depth: Int, using generator: inout SeededGenerator) -> CBORValue {
        switch Int.random(in: 0..<(depth < 3 ? 12 : 6), using: &generator) {
        case 0: return .unsigned(UInt64.random(in: 0...12, using: &generator))
        case 1: return .negative(UInt64.random(in: 0 ... .max, using: &generator))
        case 2: return .bytes(generator.bytes(Int.random(in: 0...40, using: &generator)))
        case 3: return [.text("id"), "public-key", "rk", "", "manual.example"].randomElement(using: &generator) ?? ""
        case 4: return .boolean(Bool.random(using: &generator))
        case 5: return .null
        case 6: return .array((0..<3).map { _ in randomItem(depth: depth + 1, using: &generator) })
        default:
            var map = CBORMap()
            for key in 1...11 where Bool.random(using: &generator) {
                map[depth == 0 ? CBORValue(key) : ["id", "type", "name", "alg", "uv"][key % 5]] =
                    randomItem(depth: depth + 1, using: &generator)
            }
            return .map(map)
        }
    }
}
