import CBOR

extension FuzzedDecoder {
    static let cborDecoders = [
        FuzzedDecoder("cbor") { input in
            guard let value = attempt({ try CBORDecoder.decode(input) }) else { return }
            require(CBOREncoder.encode(value) == input, "canonical CBOR has one encoding")
            let items = value.array ?? value.map?.entries.map(\.value) ?? []
            for (left, right) in zip(items, items.dropFirst()) {
                let areEqual = CBOREncoder.encode(left) == CBOREncoder.encode(right)
                require((left == right) == areEqual, "values are equal exactly when their encodings are")
            }
            for entry in value.map?.entries ?? [] {
                require(value.map?[entry.key] == entry.value, "every entry of a map is found under its key")
            }
        },
        FuzzedDecoder("cbor-prefix") { input in
            guard let prefix = attempt({ try CBORDecoder.decodePrefix(of: input, maximumDepth: 8) }) else { return }
            require(
                CBOREncoder.encode(prefix.value).elementsEqual(input.prefix(prefix.byteCount)),
                "canonical CBOR has one encoding")
        },
    ]
}
