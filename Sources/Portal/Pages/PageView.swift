/// A page that the portal has shown to somebody: what whoever runs the portal may follow a walk by.
///
/// It names no secret; the message is the sentence on the page.
public struct PageView: Hashable, Sendable {
    /// The path of the request.
    public var path: String
    /// The manual's ids of the steps that the page is for.
    public var steps: [String]
    /// The page's language.
    public var language: Language
    /// Who is logged in, by user ID.
    public var userID: String?
    /// What the page complains about or notes.
    public var message: String?
    /// Whether the message is a complaint.
    public var isRefusal: Bool
    /// The HTTP status of the answer.
    public var status: Int

    /// A page in parts.
    public init(
        path: String, steps: [String], language: Language, userID: String? = nil, message: String? = nil,
        isRefusal: Bool = false, status: Int = 200
    ) {
        self.path = path
        self.steps = steps
        self.language = language
        self.userID = userID
        self.message = message
        self.isRefusal = isRefusal
        self.status = status
    }
}
