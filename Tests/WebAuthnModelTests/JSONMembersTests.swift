import Testing
import WebAuthnModel

@Suite("Members that a JSON text has twice")
struct JSONMembersTests {
    static let table: [(String, String?)] = [
        (#"{}"#, nil), (#""#, nil), (#"[]"#, nil), (#"null"#, nil), (#"{"a":1,"b":1}"#, nil),
        (#"{"a":1,"a":1}"#, "a"),
        (#"{"a" : 1 , "a"  : 1}"#, "a"),
        ("{\"a\"\r\n\t:1,\"a\"\n:1}", "a"),
        (#"{"":1,"":2}"#, ""),
        (#"{"日本":1,"日本":2}"#, "日本"),
        // As meant, not as written.
        (#"{"type":1,"\u0074ype":2}"#, "type"),
        (#"{"\u0074ype":1,"\u0074YPE":2}"#, nil),
        (#"{"\"":1,"\u0022":2}"#, "\""),
        (#"{"\\":1,"\\":2}"#, "\\"),
        (#"{"/":1,"\/":2}"#, "/"),
        (#"{"\n":1,"\u000a":2}"#, "\n"),
        (#"{"\ud83d\ude00":1,"😀":2}"#, "😀"),
        (#"{"\u00e9":1,"e\u0301":2}"#, "\u{E9}"),
        // A mark ends no name, whatever Swift holds for one Character.
        ("{\"a\u{301}\":1,\"a\":2}", nil), ("{\"a\"\u{301}:1,\"a\":2}", nil), ("{\"\u{301}\":1,\"\":2}", nil),
        // Objects within objects have names of their own.
        (#"{"a":{"a":{"a":1}}}"#, nil),
        (#"{"a":{"b":1},"c":{"b":1}}"#, nil),
        (#"{"a":[{"b":1},{"b":1}]}"#, nil),
        (#"{"a":[{"b":1,"b":1}]}"#, "b"),
        (#"{"a":{"b":1},"a":2}"#, "a"),
        (#"{"x":{"y":{"z":1}},"y":1,"x":1}"#, "x"),
        // Values that look like names.
        (#"{"a":"a","b":"a"}"#, nil),
        (#"{"a":"a:","b":"{\"a\":1}"}"#, nil),
        (#"["a","a"]"#, nil),
        (#"{"a":["a","a"]}"#, nil),
        // What is no JSON is for others to refuse, and ends all the same.
        (#"{"a":1,"a"#, nil), (#"{"a\"#, nil), (#"{"\u00"#, nil), (#"{"\uZZZZ":1}"#, nil), (#"}}]]"a":1"#, nil),
        (#"{"a":1}{"a":1}"#, nil),
    ]

    @Test("the first one is found, wherever it is", arguments: table)
    func repeated(json: String, expected: String?) {
        #expect(JSONMembers.repeated(in: Array(json.utf8)) == expected)
    }

    @Test("depth is no matter")
    func deep() {
        let json = [UInt8](repeating: UInt8(ascii: "["), count: 60_000) + Array(#"{"a":1,"a":1}"#.utf8)
        #expect(JSONMembers.repeated(in: json) == "a")
    }
}
