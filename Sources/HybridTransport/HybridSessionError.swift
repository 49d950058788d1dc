public import CTAP
public import HybridProtocol

/// Why a hybrid ceremony ended without its purpose.
public enum HybridSessionError: Error, Hashable, Sendable {
    /// A leg of the ceremony, for messages.
    public enum Leg: String, Hashable, Sendable {
        /// Waiting for the advertisement.
        case advertisement
        /// Opening the tunnel.
        case tunnel
        /// Waiting for the other device to join.
        case peer
        /// The Noise handshake.
        case handshake
        /// The message in which the authenticator says what it can do.
        case postHandshake = "post-handshake message"
        /// A request.
        case request
        /// The response.
        case response
    }

    /// Time was up.
    case timedOut(Leg)
    /// The other device closed the connection.
    case closedByPeer(Leg)
    /// The handshake failed.
    case handshake(HandshakeError)
    /// A message could not be encrypted or decrypted.
    case cipher(Leg, HybridCipherError)
    /// A decrypted message is malformed.
    case message(Leg, HybridMessageError)
    /// The post-handshake message is malformed.
    case postHandshake(PostHandshakeMessageError)
    /// The post-handshake message says nothing that a CTAP client can use.
    case noCTAP
    /// What the authenticator says about itself is malformed.
    case malformedInfo
    /// A message came that has no place in this leg; the text says which.
    case unexpectedMessage(Leg, String)
    /// This side's authenticator does not say what it can do, but answers this status.
    case noAuthenticatorInfo(CTAPStatus)
    /// The tunnel service answered without a routing ID.
    case noRoutingID
    /// The advertisement could not be sealed.
    case advertisement(HybridAdvertisementError)
    /// The radio or the tunnel failed; the text is its own sentence.
    case transport(Leg, String)
}

extension HybridSessionError: CustomStringConvertible {
    /// A sentence that names the leg and says what to do.
    public var description: String {
        switch self {
        case .timedOut(.advertisement):
            "no phone advertised for this QR code in time; scan it with the phone near by and its Bluetooth on, "
                + "and start again for a new code"
        case .timedOut(.peer):
            "the other device did not join the tunnel in time; check that it sees this device's Bluetooth advertisement"
        case .timedOut(let leg): "the \(leg.rawValue) took too long; try again with a new QR code"
        case .closedByPeer(.peer):
            "the tunnel was closed before the other device had said anything; try again with a new QR code"
        case .closedByPeer(let leg):
            "the other device closed the connection during the \(leg.rawValue); try again with a new QR code"
        case .handshake(let error): "the handshake failed: \(error)"
        case .cipher(_, let error): "\(error)"
        case .message(_, let error): "\(error)"
        case .postHandshake(let error): "\(error)"
        case .noCTAP: "the phone does not offer CTAP over the hybrid transport; use another phone"
        case .malformedInfo: "what the phone says about its authenticator cannot be understood; use another phone"
        case .unexpectedMessage(_, let what): "the other device sent \(what) out of turn; the connection was closed"
        case .noAuthenticatorInfo(let status):
            "the authenticator does not say what it can do: \(status); check that it works by itself"
        case .noRoutingID: "the tunnel service gave no routing ID; is it a tunnel service?"
        case .advertisement(let error): "\(error)"
        case .transport(_, let reason): reason
        }
    }

    /// The leg that failed.
    public var leg: Leg {
        switch self {
        case .timedOut(let leg), .closedByPeer(let leg), .transport(let leg, _), .cipher(let leg, _),
            .message(let leg, _), .unexpectedMessage(let leg, _):
            leg
        case .handshake: .handshake
        case .postHandshake, .noCTAP, .malformedInfo, .noAuthenticatorInfo: .postHandshake
        case .noRoutingID: .tunnel
        case .advertisement: .advertisement
        }
    }
}
