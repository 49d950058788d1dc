/// A tunnel as the data channel of a hybrid session.
struct TunnelChannel: HybridDataChannel {
    let tunnel: TunnelConnection
    let mailbox: MessageMailbox

    func send(_ message: [UInt8]) async throws { try await tunnel.send(message) }

    func receive() async throws -> [UInt8]? { try await mailbox.receive() }
}

/// Runs `body` with a channel over a tunnel; a child task reads the tunnel meanwhile, so that its end is noticed at once.
func withChannel<Value: Sendable>(
    over tunnel: TunnelConnection, _ body: (any HybridDataChannel) async throws -> Value
) async throws -> Value {
    let mailbox = MessageMailbox()
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            do {
                for try await message in tunnel.inbound {
                    guard mailbox.deliver(message) else {
                        throw HybridSessionError.unexpectedMessage("more messages than the protocol has room for")
                    }
                }
                mailbox.finish()
            } catch {
                mailbox.finish(throwing: error)
            }
        }
        defer { group.cancelAll() }
        return try await body(TunnelChannel(tunnel: tunnel, mailbox: mailbox))
    }
}

/// Runs `body` and gives the tunnel's errors the place in the ceremony that they belong to.
func connecting<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch let error as TunnelError {
        throw HybridSessionError.transport(.tunnel, "\(error)")
    }
}
