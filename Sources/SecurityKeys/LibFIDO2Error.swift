import CLibFIDO2

/// A result of libfido2 other than success.
///
/// Positive codes are CTAP status bytes; negative ones are the library's own.
/// Related documentation: <https://developers.yubico.com/libfido2/Manuals/fido_strerr.html>
public struct LibFIDO2Error: Error, RawRepresentable, Hashable, Sendable {
    /// The number that the library returned.
    public let rawValue: CInt

    /// Any number.
    public init(rawValue: CInt) { self.rawValue = rawValue }

    /// FIDO_ERR_TX: a request could not be sent.
    public static let transmission = LibFIDO2Error(rawValue: -1)
    /// FIDO_ERR_RX: no answer could be received.
    public static let reception = LibFIDO2Error(rawValue: -2)
    /// FIDO_ERR_RX_NOT_CBOR: the answer is not a CTAP2 message.
    public static let answerNotCBOR = LibFIDO2Error(rawValue: -3)
    /// FIDO_ERR_RX_INVALID_CBOR: the answer does not have the form that its command wants.
    public static let answerInvalid = LibFIDO2Error(rawValue: -4)
    /// FIDO_ERR_INVALID_PARAM: what was verified is about another relying party, or its flags are not as wanted.
    public static let invalidParameter = LibFIDO2Error(rawValue: -5)
    /// FIDO_ERR_INVALID_SIG: a signature is wrong.
    public static let invalidSignature = LibFIDO2Error(rawValue: -6)
    /// FIDO_ERR_INVALID_ARGUMENT: the library was not given what the call needs.
    public static let invalidArgument = LibFIDO2Error(rawValue: -7)
    /// FIDO_ERR_USER_PRESENCE_REQUIRED.
    public static let userPresenceRequired = LibFIDO2Error(rawValue: -8)
    /// FIDO_ERR_INTERNAL.
    public static let `internal` = LibFIDO2Error(rawValue: -9)

    /// Throws unless the library returned FIDO_OK.
    static func check(_ result: CInt) throws(LibFIDO2Error) {
        guard result == FIDO_OK else { throw LibFIDO2Error(rawValue: result) }
    }
}

extension LibFIDO2Error: CustomStringConvertible {
    /// The library's name for it, with the number.
    public var description: String {
        let name = fido_strerr(rawValue).map { String(cString: $0) } ?? "FIDO_ERR"
        return "libfido2 reports \(name) (\(rawValue))"
    }
}
