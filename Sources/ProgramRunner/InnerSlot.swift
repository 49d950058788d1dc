import HIDTransport
import Synchronization

/// A key in the namespace: its device file while it is plugged in, and the socket to whoever answers for it.
final class InnerSlot: Sendable {
    private let identity: HidrawIdentity
    private let number: Int
    private let socket: ReportSocket
    private let node = Mutex<HidrawNode?>(nil)
    private let nodes: AsyncStream<HidrawNode>
    private let plugged: AsyncStream<HidrawNode>.Continuation

    /// A slot with nothing in it.
    init(_ key: InnerDescription.Key, number: Int) {
        identity = key.identity
        self.number = number
        socket = ReportSocket(SocketDescriptor(takingOver: key.socketDescriptor))
        (nodes, plugged) = AsyncStream.makeStream(of: HidrawNode.self)
    }

    /// Plugs the key in; nothing happens if it is.
    ///
    /// - Parameter broadcast: Who tells programs that run already.
    /// - Throws: ``LaunchError``.
    func plug(_ broadcast: UdevBroadcast?) throws(LaunchError) {
        guard node.withLock({ $0 == nil }) else { return }
        let path = try InnerFileSystem.makeDeviceFile(number)
        let fresh: HidrawNode
        do {
            fresh = try HidrawNode(identity, at: path)
        } catch {
            InnerFileSystem.removeDeviceFile(number)
            throw .noDevice(reason: error.description)
        }
        node.withLock { $0 = fresh }
        plugged.yield(fresh)
        do { try HidrawSysfs().add(identity, number: number) } catch {
            throw .notWritten(path: HidrawSysfs.path, reason: "\(error)")
        }
        try broadcast?.send(.add, identity, number: number)
    }

    /// Takes the key out; nothing happens if it is.
    ///
    /// - Throws: ``LaunchError``.
    func unplug(_ broadcast: UdevBroadcast?) async throws(LaunchError) {
        let gone = node.withLock { node in
            defer { node = nil }
            return node
        }
        guard let gone else { return }
        do { try HidrawSysfs().remove(identity, number: number) } catch {
            throw .notWritten(path: HidrawSysfs.path, reason: "\(error)")
        }
        try broadcast?.send(.remove, identity, number: number)
        await gone.close()
        InnerFileSystem.removeDeviceFile(number)
    }

    /// Carries reports between the socket and the device file of the moment, until the socket ends: then whoever answers for
    /// the key is gone.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { [self] in
                do {
                    for try await report in socket.reports {
                        // A key that has just been taken out hears nothing more.
                        if let node = node.withLock(\.self) { try? await node.send(report) }
                    }
                } catch {
                    // As good as its end.
                }
                plugged.finish()
            }
            for await node in nodes {
                group.addTask { [self] in
                    do {
                        for try await report in node.reports { try await socket.send(report) }
                    } catch {
                        // Either end is told by the other loop.
                    }
                }
            }
            group.cancelAll()
        }
    }
}
