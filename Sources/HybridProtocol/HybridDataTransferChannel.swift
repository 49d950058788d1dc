/// A way in which the two sides of a hybrid transaction exchange messages (CTAP 2.3 §11.5.1.1).
public enum HybridDataTransferChannel: UInt64, Hashable, Sendable, CaseIterable {
    /// A tunnel service, reached by WebSocket (CTAP 2.3 §11.5.1.1.1).
    case webSocket = 0
    /// A Bluetooth LE connection-oriented L2CAP channel (CTAP 2.3 §11.5.1.1.2).
    case bluetoothLE = 1
}
