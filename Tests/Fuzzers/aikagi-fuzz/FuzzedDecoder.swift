/// Something that reads bytes of strangers, and what must be true whatever they are.
struct FuzzedDecoder: Sendable {
    /// The name on the command line, and of the folder of first inputs in `Fixtures/Corpora`.
    let name: String
    /// Reads one input; a trap is a finding.
    let run: @Sendable (_ input: [UInt8]) -> Void

    init(_ name: String, _ run: @escaping @Sendable (_ input: [UInt8]) -> Void) {
        self.name = name
        self.run = run
    }

    /// Every decoder.
    static let all =
        cborDecoders + webAuthnDecoders + ctapDecoders + ctapHIDDecoders + hybridDecoders + hybridStreamDecoders
        + relyingPartyDecoders + attestationDecoders + authenticatorDecoders + storageDecoders + portalDecoders
        + controlDecoders

    /// The decoder of some name.
    static func named(_ name: String) -> FuzzedDecoder? { all.first { $0.name == name } }
}

/// Traps when something is not as it must be: libFuzzer then writes the input to a file.
func require(
    _ condition: Bool, _ invariant: @autoclosure () -> String, file: StaticString = #file, line: UInt = #line
) {
    if !condition { preconditionFailure("broken: \(invariant())", file: file, line: line) }
}

/// What reading gives; `nil` for input that is refused, whose reason must be a sentence.
func attempt<Value>(_ read: () throws -> Value) -> Value? {
    do {
        return try read()
    } catch {
        require(isSentence("\(error)"), "an error says what is wrong")
        return nil
    }
}

/// Whether an error's words are more than a name; by bytes, since a space and a mark behind it are one `Character`.
func isSentence(_ words: String) -> Bool { words.utf8.contains(UInt8(ascii: " ")) }

/// What cannot fail, because no stranger has a part in it.
func certain<Value>(file: StaticString = #file, line: UInt = #line, _ make: () throws -> Value) -> Value {
    do {
        return try make()
    } catch {
        preconditionFailure("broken: this cannot fail, but \(error)", file: file, line: line)
    }
}
