public import BluetoothLE
public import CTAP
public import HybridProtocol

/// A leg of a hybrid ceremony that has been reached, for progress, timelines and reports; never holds a secret.
public enum HybridEvent: Hashable, Sendable {
    /// The WebSocket to the tunnel service is open.
    case tunnelOpened(TunnelDomain, RoutingID)
    /// The authenticator is advertising.
    case advertising(ServiceDataAdvertisement)
    /// The client platform saw the advertisement that fits its QR code, after so many foreign ones.
    case advertisementSeen(ServiceDataAdvertisement, TunnelDomain, foreignCount: Int)
    /// Both sides have proved that they know the QR secret and the advertisement.
    case handshakeFinished
    /// The authenticator has said what it can do.
    case authenticatorKnown(AuthenticatorInfo)
    /// A request is on its way or has arrived.
    case request(CTAPCommand, byteCount: Int)
    /// The response is on its way or has arrived.
    case response(CTAPStatus, byteCount: Int)
    /// The session is over.
    case closed
}

/// Receives the legs of a ceremony as they are reached, in order.
public typealias HybridObserver = @Sendable (HybridEvent) -> Void
