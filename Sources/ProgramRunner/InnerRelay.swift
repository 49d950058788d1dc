import HIDTransport

/// Carries a key's reports between the socket that leads outside and the device file.
struct InnerRelay: Sendable {
    let node: HidrawNode
    let socket: ReportSocket

    /// Carries reports until one of the two ends.
    ///
    /// - Returns: Whether it was the socket: then whoever holds the authenticator is gone.
    func run() async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do {
                    for try await report in socket.reports { try await node.send(report) }
                    return true
                } catch {
                    return !(error is HidrawNodeError)
                }
            }
            group.addTask {
                do {
                    for try await report in node.reports { try await socket.send(report) }
                    return false
                } catch {
                    return error is ReportSocketError
                }
            }
            let isServerGone = await group.next() ?? false
            group.cancelAll()
            return isServerGone
        }
    }
}
