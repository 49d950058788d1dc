import CBOR

extension HybridMessage {
    /// Bytes that an update about linking has before padding and encryption, so that its ciphertext always has 528.
    private static let linkingUpdateByteCount = 511

    /// The update that an authenticator sends right after its post-handshake message (CTAP 2.3 §11.5.2).
    ///
    /// `{0: padding, 1: linking information, if any}`, as long with linking information as without, so that an observer
    /// cannot tell whether the user agreed to link. (Unusually long information makes it longer.)
    public static func linkingUpdate(_ linking: LinkingInformation?) -> HybridMessage {
        var map = CBORMap()
        map[1] = linking.map { .map($0.encoded()) }
        // The padding's key takes one byte and its head up to three; a few bytes less vanish in the padding of
        // messages.
        let used = HybridMessage.update(map).encoded().count
        map[0] = .bytes([UInt8](repeating: 0, count: max(0, linkingUpdateByteCount - used - 4)))
        return .update(map)
    }

    /// The linking information in an update.
    ///
    /// - Returns: `nil` for any other message and for an update without.
    /// - Throws: an error when it is malformed.
    public func linkingInformation() throws(LinkingInformationError) -> LinkingInformation? {
        guard case .update(let map) = self, let value = map[1] else { return nil }
        guard let linking = value.map else { throw .notAMap }
        return try LinkingInformation(linking)
    }
}
