package import NIOCore

/// A connection that a listener has taken in, wrapped, and for which nobody may be left to serve it.
///
/// NIO ends the program when a wrapped channel is dropped that was neither served nor closed. That is what becomes of a
/// connection that comes at the moment when its listener ends; so this closes it, and drops it only then.
package final class AcceptedByteChannel: Sendable {
    /// Whoever serves it keeps this object until it is done.
    package let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// Wraps a channel on its event loop.
    ///
    /// - Throws: What NIO says when the channel is closed.
    package init(
        _ channel: any Channel, configuration: NIOAsyncChannel<ByteBuffer, ByteBuffer>.Configuration = .init()
    ) throws {
        self.channel = try NIOAsyncChannel(wrappingChannelSynchronously: channel, configuration: configuration)
    }

    deinit {
        let wrapped = channel
        wrapped.channel.closeFuture.whenComplete { _ in withExtendedLifetime(wrapped) {} }
        wrapped.channel.close(promise: nil)
    }
}
