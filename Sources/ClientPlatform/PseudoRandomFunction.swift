import CBOR
import CTAP
import WebAuthnModel

/// What a page asks of the extension `prf` (WebAuthn Level 3 §10.1.4), for authenticators that take it as phones do.
///
///     {"eval"?: values, "evalByCredential"?: {credential ID: values}}     values: {"first": base64url, "second"?: base64url}
struct PseudoRandomFunction {
    /// The salts that the page's inputs have become.
    private let input: PRFInput

    /// Reads the input of `create()`; `nil` when the page does not ask.
    static func forCreation(_ extensions: [String: JSONValue]?) throws(ClientPlatformError) -> PseudoRandomFunction? {
        guard let members = try members(of: extensions) else { return nil }
        // Step 1: a credential that does not exist yet has no values of its own.
        guard members["evalByCredential"] == nil else { throw .prfByCredential }
        return PseudoRandomFunction(input: PRFInput(eval: try members["eval"].map(values)))
    }

    /// Reads the input of `get()`; `nil` when the page does not ask.
    static func forAssertion(
        _ extensions: [String: JSONValue]?, allowing list: [PublicKeyCredentialDescriptor]
    ) throws(ClientPlatformError) -> PseudoRandomFunction? {
        guard let members = try members(of: extensions) else { return nil }
        var byCredential: [[UInt8]: PRFValues] = [:]
        if let item = members["evalByCredential"] {
            guard case .object(let entries) = item else { throw .extensionInput("prf.evalByCredential") }
            // Step 1: values for credentials only where there are credentials.
            guard entries.isEmpty || !list.isEmpty else { throw .prfByCredential }
            for (name, entry) in entries {
                // Step 2: each is one of them.
                guard let id = Base64URL.decode(name), list.contains(where: { $0.id.bytes == id }) else {
                    throw .prfCredential(name)
                }
                byCredential[id] = try values(entry)
            }
        }
        return PseudoRandomFunction(
            input: PRFInput(eval: try members["eval"].map(values), evalByCredential: byCredential))
    }

    /// The extensions of the request; `nil` when the authenticator does not have this one.
    func extensions(_ info: AuthenticatorInfo) -> CBORMap? {
        guard info.extensions?.contains(PRFInput.identifier) == true else { return nil }
        var map = CBORMap()
        map[.text(PRFInput.identifier)] = input.ctap
        return map
    }

    /// The output of `create()`: whether there is a function, and what it makes of the inputs if it says so at once.
    func creationResults(_ unsigned: CBORMap?) throws(ClientPlatformError) -> JSONValue {
        let output = try Self.output(unsigned)
        var results: [String: JSONValue] = ["enabled": .boolean(output?.isEnabled ?? false)]
        results["results"] = output?.results.map(Self.json)
        return .object(results)
    }

    /// The output of `get()`: what the function makes of the inputs; nothing where there is none.
    func assertionResults(_ unsigned: CBORMap?) throws(ClientPlatformError) -> JSONValue {
        guard let values = try Self.output(unsigned)?.results else { return .object([:]) }
        return .object(["results": Self.json(values)])
    }

    private static func members(
        of extensions: [String: JSONValue]?
    ) throws(ClientPlatformError) -> [String: JSONValue]? {
        guard let item = extensions?["prf"] else { return nil }
        guard case .object(let members) = item else { throw .extensionInput("prf") }
        return members
    }

    private static func values(_ item: JSONValue) throws(ClientPlatformError) -> PRFValues {
        guard case .object(let members) = item, let first = members["first"] else {
            throw .extensionInput("prf's values")
        }
        guard let values = PRFValues(first: try salt(first), second: try members["second"].map(salt)) else {
            throw .extensionInput("prf's values")
        }
        return values
    }

    /// The salt of an input.
    private static func salt(_ item: JSONValue) throws(ClientPlatformError) -> [UInt8] {
        guard case .string(let text) = item, let bytes = Base64URL.decode(text) else {
            throw .extensionInput("prf's values")
        }
        return WebAuthnClient.hash(Array("WebAuthn PRF".utf8) + [0] + bytes)
    }

    private static func output(_ unsigned: CBORMap?) throws(ClientPlatformError) -> PRFOutput? {
        guard let item = unsigned?[.text(PRFInput.identifier)] else { return nil }
        do throws(CTAPStatus) {
            return try PRFOutput(ctap: item)
        } catch {
            throw .unexpectedAnswer("its output of prf is malformed (\(error))")
        }
    }

    private static func json(_ values: PRFValues) -> JSONValue {
        var members: [String: JSONValue] = ["first": .string(Base64URL.encode(values.first))]
        members["second"] = values.second.map { .string(Base64URL.encode($0)) }
        return .object(members)
    }
}
