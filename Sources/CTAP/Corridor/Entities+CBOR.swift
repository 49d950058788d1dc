import CBOR
import WebAuthnModel

extension PublicKeyCredentialDescriptor {
    /// Reads `{"id": bstr, "type": tstr, "transports": [tstr]?}`; a missing member counts as a wrong type.
    init(ctap item: CBORValue) throws(CTAPStatus) {
        let map = try Member.map(item)
        let id = try Member.unwrap(try Member.optional("id", in: map, Member.bytes))
        let type = try Member.unwrap(try Member.optional("type", in: map, Member.text))
        let transports = try Member.optional("transports", in: map, Member.textArray)
        self.init(id: id, transports: transports?.map(AuthenticatorTransport.init(rawValue:)))
        self.type = type
    }

    /// The map that names a credential in a response or request, without transports: authenticators do not use them.
    var ctap: CBORValue { ["id": .bytes(id.bytes), "type": .text(type)] }
}

extension PublicKeyCredentialUserEntity {
    /// Reads `{"id": bstr, "name": tstr?, "displayName": tstr?}`.
    init(ctap item: CBORValue) throws(CTAPStatus) {
        let map = try Member.map(item)
        self.init(
            id: try Member.unwrap(try Member.optional("id", in: map, Member.bytes)),
            name: try Member.optional("name", in: map, Member.text),
            displayName: try Member.optional("displayName", in: map, Member.text))
    }

    /// The map.
    var ctap: CBORValue {
        var map = CBORMap()
        map["id"] = .bytes(id.bytes)
        map["name"] = name.map(CBORValue.text)
        map["displayName"] = displayName.map(CBORValue.text)
        return .map(map)
    }
}

extension PublicKeyCredentialRelyingPartyEntity {
    /// Reads `{"id": tstr, "name": tstr?}`.
    init(ctap item: CBORValue) throws(CTAPStatus) {
        let map = try Member.map(item)
        self.init(
            id: try Member.unwrap(try Member.optional("id", in: map, Member.text)),
            name: try Member.optional("name", in: map, Member.text))
    }

    /// The map.
    var ctap: CBORValue {
        var map = CBORMap()
        map["id"] = id.map(CBORValue.text)
        map["name"] = name.map(CBORValue.text)
        return .map(map)
    }
}

extension PublicKeyCredentialParameters {
    /// Reads `{"alg": int, "type": tstr}`; a missing member is CTAP2_ERR_INVALID_CBOR (CTAP 2.3 §6.1.2 step 3).
    init(ctap item: CBORValue) throws(CTAPStatus) { try self.init(ctap: item, incomplete: .invalidCBOR) }

    /// Reads `{"alg": int, "type": tstr}`; a missing member is answered with the given status.
    init(ctap item: CBORValue, incomplete: CTAPStatus) throws(CTAPStatus) {
        let map = try Member.map(item)
        let algorithm = try Member.optional("alg", in: map, Self.algorithm)
        let type = try Member.optional("type", in: map, Member.text)
        guard let algorithm, let type else { throw incomplete }
        self.init(algorithm)
        self.type = type
    }

    /// An integer that no algorithm has as its number is one that nobody supports, however long: 0 is reserved (RFC 9053 §2).
    private static func algorithm(_ item: CBORValue) throws(CTAPStatus) -> COSEAlgorithm {
        switch item {
        case .unsigned, .negative: COSEAlgorithm(rawValue: item.integer ?? 0)
        default: throw .cborUnexpectedType
        }
    }

    /// The map.
    var ctap: CBORValue { ["alg": CBORValue(alg.rawValue), "type": .text(type)] }
}
