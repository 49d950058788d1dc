import Foundation
import KeyControlProtocol

extension FuzzedDecoder {
    static let controlDecoders = [
        FuzzedDecoder("control-requests") { input in
            var reader = InputReader(input)
            let limit = Int(reader.byte())
            let lengths = reader.short()
            let stream = reader.rest()
            let whole = requests([stream], limit: limit)
            let pieces = requests(pieces(of: stream, lengths), limit: limit)
            require(whole == pieces, "where a stream is cut changes nothing")
            let single = requests(stream.map { [$0] }, limit: limit)
            require(whole == single, "nor does it to be cut everywhere")
            var lines = stream.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            // Behind the last line feed there is a line only if there is something.
            if lines.last?.isEmpty ?? false { lines.removeLast() }
            require(whole.count == lines.count, "each line is answered once")
            for (line, request) in zip(lines, whole) { check(Array(line), request, limit: limit) }
        }
    ]

    /// A stream in pieces; what the lengths leave is the last.
    private static func pieces(of stream: [UInt8], _ lengths: [UInt8]) -> [[UInt8]] {
        var rest = stream[...]
        let pieces = lengths.map { length in
            defer { rest = rest.dropFirst(Int(length)) }
            return Array(rest.prefix(Int(length)))
        }
        return pieces + [Array(rest)]
    }

    private static func requests(
        _ pieces: [[UInt8]], limit: Int
    ) -> [Result<ControlRequest, ControlRequestError>] {
        var reader = ControlRequestReader(lineLimit: limit)
        var requests: [Result<ControlRequest, ControlRequestError>] = []
        for piece in pieces {
            reader.append(piece)
            while let request = reader.next() { requests.append(request) }
        }
        if let last = reader.last() { requests.append(last) }
        require(reader.next() == nil && reader.last() == nil, "nothing comes behind the end")
        return requests
    }

    private static func check(_ line: [UInt8], _ request: Result<ControlRequest, ControlRequestError>, limit: Int) {
        require((request == .failure(.tooLong)) == (line.count > limit), "what is too long, and nothing else, is so")
        switch request {
        case .failure(let error):
            require(isSentence("\(error)"), "an error says what is wrong")
        case .success(let request):
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            let encoded = certain { Array(try encoder.encode(request)) }
            require(!encoded.contains(UInt8(ascii: "\n")), "a request is one line")
            let again = certain { try ControlRequest(line: encoded) }
            require(again == request, "a round trip changes nothing")
            require(certain { Array(try encoder.encode(again)) } == encoded, "its text survives byte for byte")
        }
    }
}
