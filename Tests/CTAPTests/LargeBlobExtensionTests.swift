import CBOR
import CTAP
import TestSupport
import Testing

@Suite("largeBlob (§12): inputs and outputs") struct LargeBlobExtensionTests {
    private static let blob = LargeBlobData(compressed: [0xAB, 0xCD], originalSize: 300)

    static let inputs: [(LargeBlobOperation, String)] = [
        (.read, "a16472656164f5"),
        (.write(blob), "a265777269746542abcd6c6f726967696e616c53697a6519012c"),
        (
            .write(LargeBlobData(compressed: [], originalSize: .max)),
            "a2657772697465406c6f726967696e616c53697a651bffffffffffffffff"
        ),
    ]

    @Test("what is asked of an assertion, in fixed bytes and back", arguments: inputs)
    func input(operation: LargeBlobOperation, bytes: String) throws {
        #expect(CBOREncoder.encode(operation.ctap).hex == bytes)
        #expect(try LargeBlobOperation(ctap: operation.ctap) == operation)
    }

    @Test("what is asked of a registration, in fixed bytes and back")
    func support() throws {
        #expect(CBOREncoder.encode(LargeBlobSupport.preferred.ctap).hex == "a167737570706f727469707265666572726564")
        #expect(CBOREncoder.encode(LargeBlobSupport.required.ctap).hex == "a167737570706f7274687265717569726564")
        for support in LargeBlobSupport.allCases { #expect(try LargeBlobSupport(ctap: support.ctap) == support) }
    }

    static let outputs: [(LargeBlobOutput, String)] = [
        (.supported(true), "a169737570706f72746564f5"), (.supported(false), "a169737570706f72746564f4"),
        (.written(true), "a1677772697474656ef5"), (.written(false), "a1677772697474656ef4"),
        (.read(blob), "a264626c6f6242abcd6c6f726967696e616c53697a6519012c"),
    ]

    @Test("what is answered, in fixed bytes and back", arguments: outputs)
    func output(output: LargeBlobOutput, bytes: String) throws {
        #expect(CBOREncoder.encode(output.ctap).hex == bytes)
        #expect(try LargeBlobOutput(ctap: output.ctap) == output)
    }

    static let rejected: [CBORValue] = [
        [:], ["read": false], ["read": 1], ["read": true, "future": 1], ["read": true, "write": .bytes([1])],
        ["write": .bytes([1])], ["originalSize": 1], ["write": "text", "originalSize": 1],
        ["write": .bytes([1]), "originalSize": -1], ["write": .bytes([1]), "originalSize": "1"],
        ["read": true, "write": .bytes([1]), "originalSize": 1], ["support": 1], ["support": "maybe"],
        ["support": "required", "more": 1], ["supported": 1], ["written": 1], ["blob": .bytes([1])],
        ["supported": true, "written": true], ["blob": "text", "originalSize": 1],
        ["blob": .bytes([1]), "originalSize": 1, "written": true],
    ]

    @Test("any other map is invalid, whatever is wrong with it", arguments: rejected)
    func rejections(item: CBORValue) {
        #expect(throws: CTAPStatus.invalidCBOR) { try LargeBlobSupport(ctap: item) }
        #expect(throws: CTAPStatus.invalidCBOR) { try LargeBlobOperation(ctap: item) }
        #expect(throws: CTAPStatus.invalidCBOR) { try LargeBlobOutput(ctap: item) }
    }

    @Test("and so is whatever is no map")
    func types() {
        for item in RequestDecodingTests.values where item.map == nil {
            #expect(throws: CTAPStatus.invalidCBOR) { try LargeBlobSupport(ctap: item) }
            #expect(throws: CTAPStatus.invalidCBOR) { try LargeBlobOperation(ctap: item) }
            #expect(throws: CTAPStatus.invalidCBOR) { try LargeBlobOutput(ctap: item) }
        }
    }

    @Test("a blob is not shown")
    func description() {
        #expect("\(Self.blob)" == "large blob of 2 bytes")
        #expect("\(LargeBlobOperation.write(Self.blob))".contains("large blob of 2 bytes"))
    }
}
