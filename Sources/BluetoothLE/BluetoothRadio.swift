/// What puts advertisements on the air and hears those of others.
///
/// A backend decides what the air is: a real adapter, this process, or a directory of sockets.
public protocol BluetoothRadio: Sendable {
    /// Broadcasts an advertisement until the task is cancelled, then returns.
    ///
    /// - Throws: when the advertisement cannot be sent at all, for example because it is too long.
    func advertise(_ advertisement: ServiceDataAdvertisement) async throws

    /// Starts to listen and gives what is heard, repetitions included, until the stream is dropped or its consumer cancelled.
    ///
    /// Listening begins before this returns; an advertisement that is already on the air is heard too. When the
    /// consumer is slow the oldest advertisements are forgotten: advertisers repeat themselves.
    ///
    /// - Throws: when the backend cannot listen.
    func advertisements() async throws -> AsyncThrowingStream<ServiceDataAdvertisement, any Error>
}
