/// An authenticator that answers CTAP1/U2F requests as well (CTAP 2.3 §7; U2F Raw Message Formats 1.2).
public protocol CTAP1Authenticator: CTAPAuthenticator {
    /// Whether it does so at all; if not, its doors refuse CTAPHID_MSG.
    var answersCTAP1: Bool { get }

    /// Answers one command APDU.
    ///
    /// It never waits for the user: without a touch so far it answers "conditions not satisfied" (0x6985), and the client
    /// asks again.
    ///
    /// - Parameters:
    ///   - apdu: The command, with short or extended lengths.
    ///   - context: Where it comes from.
    /// - Returns: The response APDU, ending with the status word; at least two bytes.
    func respond(toAPDU apdu: [UInt8], in context: CTAPRequestContext) async -> [UInt8]
}
