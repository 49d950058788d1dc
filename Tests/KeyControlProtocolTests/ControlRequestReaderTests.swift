import KeyControlProtocol
import Testing

@Suite struct ControlRequestReaderTests {
    @Test("each line is a request or a refusal, and the last one needs no line feed")
    func requests() {
        var reader = ControlRequestReader(lineLimit: 60)
        reader.append(
            Array(
                """
                {"action":"answer","answer":"fail 2"}
                {"action":"clock-advance","seconds":1.5}\r

                {"action":"explode"}
                {"action":"answer","answer":1}
                {"action":"clock-advance","seconds":"1"}
                {"action":"state","more":"\(String(repeating: "x", count: 60))"}
                {"action":"watch"}
                """.utf8))
        let expected: [Result<ControlRequest, ControlRequestError>] = [
            .success(ControlRequest(action: .answer, answer: "fail 2")),
            .success(ControlRequest(action: .advanceClock, seconds: 1.5)), .failure(.notAnObject), .failure(.action),
            .failure(.answer), .failure(.seconds), .failure(.tooLong),
        ]
        for request in expected { #expect(reader.next() == request) }
        #expect(reader.next() == nil)
        #expect(reader.last() == .success(ControlRequest(action: .watch)))
    }

    @Test("every reason is a sentence of its own")
    func sentences() {
        let reasons: [ControlRequestError] = [.notAnObject, .action, .answer, .seconds, .tooLong]
        #expect(Set(reasons.map(\.description)).count == reasons.count)
        #expect(reasons.allSatisfy { $0.description.contains(" ") })
    }
}
