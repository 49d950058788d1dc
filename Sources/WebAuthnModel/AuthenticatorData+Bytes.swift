import CBOR

extension AuthenticatorData {
    /// The bytes that are signed and sent.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        // With a credential on a curve; others are longer.
        bytes.reserveCapacity(37 + (attestedCredentialData.map { 18 + $0.credentialID.count + 96 } ?? 0))
        bytes += relyingPartyIDHash
        bytes.append(flags.rawValue)
        for shift in stride(from: 24, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: signatureCounter >> UInt32(shift)))
        }
        if let attested = attestedCredentialData {
            bytes += attested.aaguid.bytes
            bytes.append(UInt8(truncatingIfNeeded: attested.credentialID.count >> 8))
            bytes.append(UInt8(truncatingIfNeeded: attested.credentialID.count))
            bytes += attested.credentialID
            bytes += CBOREncoder.encode(attested.publicKey.cbor)
        }
        if let extensions { bytes += CBOREncoder.encode(.map(extensions)) }
        return bytes
    }

    /// Reads the structure and refuses bytes that are missing or left over.
    public init(decoding bytes: some Collection<UInt8>) throws(AuthenticatorDataError) {
        var rest = Array(bytes)[...]
        let hash = try AuthenticatorData.take(32, from: &rest)
        let flags = Flags(rawValue: try AuthenticatorData.take(1, from: &rest)[0])
        let counter = try AuthenticatorData.take(4, from: &rest).reduce(0) { $0 << 8 | UInt32($1) }
        var attested: AttestedCredentialData?
        if flags.contains(.attestedCredentialData) {
            attested = try AuthenticatorData.attestedCredentialData(from: &rest)
        }
        var extensions: CBORMap?
        if flags.contains(.extensionData) {
            guard let (value, count) = try? CBORDecoder.decodePrefix(of: rest), let map = value.map else {
                throw .extensions  // one reason covers every way in which the map can be malformed
            }
            extensions = map
            rest = rest.dropFirst(count)
        }
        guard rest.isEmpty else { throw .trailingBytes }
        self.init(
            relyingPartyIDHash: hash, flags: flags, signatureCounter: counter, attestedCredentialData: attested,
            extensions: extensions)
    }

    private static func attestedCredentialData(
        from rest: inout ArraySlice<UInt8>
    ) throws(AuthenticatorDataError) -> AttestedCredentialData {
        guard let aaguid = AAGUID(try take(16, from: &rest)) else { throw .truncated }
        let length = try take(2, from: &rest).reduce(0) { $0 << 8 | Int($1) }
        guard length <= 1023 else { throw .credentialIDTooLong }
        let credentialID = try take(length, from: &rest)
        do {
            let (value, count) = try CBORDecoder.decodePrefix(of: rest)
            rest = rest.dropFirst(count)
            return AttestedCredentialData(aaguid: aaguid, credentialID: credentialID, publicKey: try COSEKey(value))
        } catch let error as CBORError {
            throw .publicKeyEncoding(error)
        } catch let error as COSEKeyError {
            throw .publicKey(error)
        } catch {
            throw .truncated
        }
    }

    /// The next bytes; their number is exactly as asked.
    private static func take(
        _ count: Int, from rest: inout ArraySlice<UInt8>
    ) throws(AuthenticatorDataError) -> [UInt8] {
        guard rest.count >= count else { throw .truncated }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}
