import NIOCore
import NIOPosix
import Testing

@testable import HybridTransport

@Suite(.timeLimit(.minutes(1))) struct TunnelAttemptTests {
    private func channel() async throws -> any Channel {
        try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
    }

    @Test("an attempt that is given up closes all its channels, and takes no more")
    func giveUp() async throws {
        let attempt = TunnelAttempt()
        let channels = [try await channel(), try await channel(), try await channel()]
        for channel in channels { #expect(attempt.begin(channel)) }
        #expect(attempt.reason == nil)
        attempt.giveUp(TunnelError.timedOut(address: "a", seconds: 30))
        for channel in channels { try await channel.closeFuture.get() }

        let late = try await channel()
        #expect(!attempt.begin(late))
        attempt.giveUp(CancellationError())
        #expect(attempt.reason as? TunnelError == .timedOut(address: "a", seconds: 30))
        #expect(late.isActive)
        try await late.close()
    }
}
