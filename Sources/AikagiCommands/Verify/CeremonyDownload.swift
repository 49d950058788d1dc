/// What the portal's pages offer for a bug report: the ceremonies of one tab of a browser, those that failed among them.
struct CeremonyDownload: Decodable, Sendable {
    /// One ceremony, as far as it came.
    struct Attempt: Decodable, Sendable {
        /// What the page was told, when it failed.
        struct Failure: Decodable, Sendable {
            let name: String
        }

        /// The ceremony; `nil` when the browser gave no response.
        let record: CeremonyRecord?
        let failure: Failure?

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: CodingKeys.self)
            failure = try members.decodeIfPresent(Failure.self, forKey: .error)
            record = members.contains(.response) ? try CeremonyRecord(from: decoder) : nil
        }

        private enum CodingKeys: String, CodingKey { case response, error }
    }

    /// The ceremonies, oldest first.
    let ceremonies: [Attempt]
}
