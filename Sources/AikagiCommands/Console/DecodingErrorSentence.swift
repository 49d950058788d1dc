extension DecodingError {
    /// What is wrong with the JSON, and where.
    var sentence: String {
        switch self {
        case .keyNotFound(let key, let context): "\(DecodingError.place(context, key)) is missing"
        case .typeMismatch(_, let context): "\(DecodingError.place(context)) has the wrong type"
        case .valueNotFound(_, let context): "\(DecodingError.place(context)) must not be null"
        case .dataCorrupted(let context) where context.codingPath.isEmpty: "they are not JSON"
        case .dataCorrupted(let context): "\(DecodingError.place(context)): \(context.debugDescription)"
        @unknown default: "they are not what they should be"
        }
    }

    private static func place(_ context: Context, _ key: (any CodingKey)? = nil) -> String {
        let path = (context.codingPath + (key.map { [$0] } ?? [])).map {
            $0.intValue.map(String.init) ?? $0.stringValue
        }
        return path.isEmpty ? "the top level" : "'\(path.joined(separator: "."))'"
    }
}
