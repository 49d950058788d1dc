import Logging

/// Passes on what the portal logs, but not what its HTTP server says about connections that end with it.
///
/// When the command is interrupted, Hummingbird reports each connection that it was waiting for as an error: a clean end has
/// nothing to complain about. What fails within a request is logged by the portal itself.
struct PortalLogHandler: LogHandler {
    /// Where the rest goes.
    var base: StreamLogHandler

    var metadata: Logger.Metadata {
        get { base.metadata }
        set { base.metadata = newValue }
    }

    var logLevel: Logger.Level {
        get { base.logLevel }
        set { base.logLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { base[metadataKey: key] }
        set { base[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        guard event.source != "HummingbirdCore" else { return }
        base.log(event: event)
    }
}
