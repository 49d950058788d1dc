import CBOR
import CLibFIDO2
import CTAP
import WebAuthnModel

/// The typed operations of libfido2, in our types; all of them block.
enum LibFIDO2Operations {
    /// The algorithms for which the library decodes public keys, most wanted first.
    static let algorithms: [COSEAlgorithm] = [.es256, .edDSA, .es384, .rs256]

    static func getInfo(_ device: OpaquePointer) throws(CTAPClientError) -> AuthenticatorInfo {
        guard let info = fido_cbor_info_new() else { throw outOfMemory }
        defer {
            var info: OpaquePointer? = info
            fido_cbor_info_free(&info)
        }
        try check(fido_dev_get_cbor_info(device, info))
        guard let aaguid = AAGUID(bytes(fido_cbor_info_aaguid_ptr(info), fido_cbor_info_aaguid_len(info))) else {
            throw .malformedResponse("the AAGUID does not have 16 bytes")
        }
        let transports = strings(fido_cbor_info_transports_ptr(info), fido_cbor_info_transports_len(info))
        let extensions = strings(fido_cbor_info_extensions_ptr(info), fido_cbor_info_extensions_len(info))
        let algorithms = (0..<fido_cbor_info_algorithm_count(info)).map { index in
            PublicKeyCredentialParameters(
                COSEAlgorithm(rawValue: Int(fido_cbor_info_algorithm_cose(info, index))))
        }
        let names = strings(fido_cbor_info_options_name_ptr(info), fido_cbor_info_options_len(info))
        let values = fido_cbor_info_options_value_ptr(info)
        var options: [String: Bool] = [:]
        for (index, name) in names.enumerated() { options[name] = values?[index] }
        return AuthenticatorInfo(
            versions: strings(fido_cbor_info_versions_ptr(info), fido_cbor_info_versions_len(info)),
            extensions: extensions.isEmpty ? nil : extensions, aaguid: aaguid, options: options,
            maximumMessageSize: nonZero(fido_cbor_info_maxmsgsiz(info)),
            maximumCredentialCountInList: nonZero(fido_cbor_info_maxcredcntlst(info)),
            maximumCredentialIDLength: nonZero(fido_cbor_info_maxcredidlen(info)),
            transports: transports.isEmpty ? nil : transports.map(AuthenticatorTransport.init(rawValue:)),
            algorithms: algorithms.isEmpty ? nil : algorithms,
            firmwareVersion: nonZero(fido_cbor_info_fwversion(info)))
    }

    static func makeCredential(
        _ device: OpaquePointer, _ request: MakeCredentialRequest, algorithms known: [COSEAlgorithm]
    ) throws(CTAPClientError) -> MakeCredentialResponse {
        try refuse(request.pinUVAuthParam)
        // Older authenticators do not list their algorithms; then the library's own list decides.
        let wanted = request.pubKeyCredParams.filter { $0.type == publicKeyCredentialType }.map(\.alg)
        guard let algorithm = wanted.first(where: { algorithms.contains($0) && (known.isEmpty || known.contains($0)) })
        else { throw .status(.unsupportedAlgorithm) }
        guard let credential = fido_cred_new() else { throw outOfMemory }
        defer {
            var credential: OpaquePointer? = credential
            fido_cred_free(&credential)
        }
        let user = request.user
        try check(fido_cred_set_type(credential, CInt(algorithm.rawValue)))
        try check(
            fido_cred_set_clientdata_hash(credential, request.clientDataHash, request.clientDataHash.count))
        try check(fido_cred_set_rp(credential, request.relyingParty.id, request.relyingParty.name))
        try check(
            fido_cred_set_user(credential, user.id.bytes, user.id.bytes.count, user.name, user.displayName, nil))
        try check(fido_cred_set_rk(credential, option(request.options.discoverable)))
        try check(fido_cred_set_uv(credential, option(request.options.userVerification)))
        for excluded in request.excludeList ?? [] {
            try check(fido_cred_exclude(credential, excluded.id.bytes, excluded.id.bytes.count))
        }
        try setExtensions(request.extensions, on: credential)
        try check(fido_dev_make_cred(device, credential, nil))
        return try response(credential)
    }

    static func getAssertions(
        _ device: OpaquePointer, _ request: GetAssertionRequest
    ) throws(CTAPClientError) -> [GetAssertionResponse] {
        try refuse(request.pinUVAuthParam)
        guard let assertion = fido_assert_new() else { throw outOfMemory }
        defer {
            var assertion: OpaquePointer? = assertion
            fido_assert_free(&assertion)
        }
        try check(fido_assert_set_clientdata_hash(assertion, request.clientDataHash, request.clientDataHash.count))
        try check(fido_assert_set_rp(assertion, request.relyingPartyID))
        try check(fido_assert_set_up(assertion, option(request.options.userPresence)))
        try check(fido_assert_set_uv(assertion, option(request.options.userVerification)))
        for allowed in request.allowList ?? [] {
            try check(fido_assert_allow_cred(assertion, allowed.id.bytes, allowed.id.bytes.count))
        }
        try check(fido_dev_get_assert(device, assertion, nil))
        let count = fido_assert_count(assertion)
        var responses: [GetAssertionResponse] = []
        for index in 0..<count {
            var response = try self.response(assertion, index)
            if index == 0, count > 1 { response.numberOfCredentials = UInt64(count) }
            responses.append(response)
        }
        return responses
    }

    /// What the library's code means to the caller of an operation.
    static func clientError(_ error: LibFIDO2Error) -> CTAPClientError {
        if let status = UInt8(exactly: error.rawValue) { return .status(CTAPStatus(rawValue: status)) }
        switch error {
        case .answerNotCBOR, .answerInvalid: return .malformedResponse(error.description)
        case .transmission, .reception:
            return .transport("the authenticator does not answer (\(error)); plug it in again")
        default: return .transport(error.description)
        }
    }

    private static let outOfMemory = CTAPClientError.transport("there is not enough memory for libfido2")

    private static func check(_ result: CInt) throws(CTAPClientError) {
        do throws(LibFIDO2Error) { try LibFIDO2Error.check(result) } catch { throw clientError(error) }
    }

    /// The library computes this parameter itself, from a PIN; one that was computed elsewhere cannot be passed on.
    private static func refuse(_ pinUVAuthParam: [UInt8]?) throws(CTAPClientError) {
        guard pinUVAuthParam == nil else {
            throw .transport("libfido2 cannot pass on a PIN/UV auth parameter; leave it out")
        }
    }

    private static func setExtensions(_ extensions: CBORMap?, on credential: OpaquePointer) throws(CTAPClientError) {
        guard let extensions else { return }
        if extensions["hmac-secret"]?.boolean == true {
            try check(fido_cred_set_extensions(credential, FIDO_EXT_HMAC_SECRET))
        }
        // The library adds the extension to those that are set.
        if let level = extensions["credProtect"]?.unsigned {
            try check(fido_cred_set_prot(credential, CInt(clamping: level)))
        }
    }

    private static func response(_ credential: OpaquePointer) throws(CTAPClientError) -> MakeCredentialResponse {
        guard let format = string(fido_cred_fmt(credential)) else {
            throw .malformedResponse("there is no attestation statement format")
        }
        let statement = bytes(fido_cred_attstmt_ptr(credential), fido_cred_attstmt_len(credential))
        guard let map = try decode(statement, "attestation statement").map else {
            throw .malformedResponse("the attestation statement is not a map")
        }
        return MakeCredentialResponse(
            format: AttestationFormat(rawValue: format),
            authenticatorData: bytes(fido_cred_authdata_raw_ptr(credential), fido_cred_authdata_raw_len(credential)),
            statement: map)
    }

    private static func response(
        _ assertion: OpaquePointer, _ index: Int
    ) throws(CTAPClientError) -> GetAssertionResponse {
        let id = bytes(fido_assert_id_ptr(assertion, index), fido_assert_id_len(assertion, index))
        let userID = bytes(fido_assert_user_id_ptr(assertion, index), fido_assert_user_id_len(assertion, index))
        // The library keeps authenticator data as the CBOR byte string in which it came.
        let encoded = bytes(fido_assert_authdata_ptr(assertion, index), fido_assert_authdata_len(assertion, index))
        guard let authenticatorData = try decode(encoded, "authenticator data").bytes else {
            throw .malformedResponse("the authenticator data is not a byte string")
        }
        let user = PublicKeyCredentialUserEntity(
            id: userID, name: string(fido_assert_user_name(assertion, index)),
            displayName: string(fido_assert_user_display_name(assertion, index)))
        return GetAssertionResponse(
            credential: id.isEmpty ? nil : PublicKeyCredentialDescriptor(id: id),
            authenticatorData: authenticatorData,
            signature: bytes(fido_assert_sig_ptr(assertion, index), fido_assert_sig_len(assertion, index)),
            user: userID.isEmpty ? nil : user)
    }

    private static func decode(_ bytes: [UInt8], _ what: String) throws(CTAPClientError) -> CBORValue {
        do throws(CBORError) {
            return try CBORDecoder.decode(bytes, maximumDepth: AttestationObject.maximumDepth)
        } catch {
            throw .malformedResponse("the \(what) cannot be decoded: \(error)")
        }
    }

    private static func option(_ value: Bool?) -> fido_opt_t {
        switch value {
        case nil: FIDO_OPT_OMIT
        case false: FIDO_OPT_FALSE
        case true: FIDO_OPT_TRUE
        }
    }

    private static func nonZero(_ value: UInt64) -> UInt64? { value == 0 ? nil : value }

    private static func bytes(_ pointer: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
        Array(UnsafeBufferPointer(start: pointer, count: pointer == nil ? 0 : count))
    }

    private static func string(_ pointer: UnsafePointer<CChar>?) -> String? {
        pointer.map { String(cString: $0) }
    }

    private static func strings(
        _ pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ count: Int
    ) -> [String] {
        UnsafeBufferPointer(start: pointer, count: pointer == nil ? 0 : count).compactMap { string in
            string.map { String(cString: $0) }
        }
    }
}
