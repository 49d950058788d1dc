import Hummingbird
import NIOCore

/// What is known about one request beside its bytes.
struct PortalContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The peer's network address.
    let remoteAddress: String
    /// The language of the answer.
    var language = Language.japanese
    /// The language that the browser or its visitor asks for; `nil` when neither says one.
    var askedLanguage: Language?
    /// The visit that the request belongs to.
    var session = Session.unknown()

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.channel.remoteAddress?.ipAddress ?? "unknown"
    }

    /// The most bytes that a request's body may have.
    var maxUploadSize: Int { 65_536 }
}
