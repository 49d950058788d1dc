import CBOR
import CTAP
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

/// Inputs of each extension, with what they are answered.
@Suite("Extensions, input by input (§12)", .timeLimit(.minutes(2))) struct ExtensionStepTests {
    /// Neither asked for nor answered.
    private static let silent: CBORValue? = nil

    private static let registrations: [(String, CBORValue, Bool, CTAPStatus, CBORValue?)] = [
        ("credProtect", 1, false, .success, 1), ("credProtect", 2, false, .success, 2),
        ("credProtect", 3, true, .success, 3), ("credProtect", 0, false, .invalidParameter, silent),
        ("credProtect", 4, false, .invalidParameter, silent),
        ("credProtect", .unsigned(.max), false, .invalidParameter, silent),
        ("credProtect", "1", false, .cborUnexpectedType, silent),
        ("credProtect", -1, false, .cborUnexpectedType, silent),
        ("credBlob", .bytes([]), true, .success, true), ("credBlob", .bytes([1, 2]), true, .success, true),
        ("credBlob", .bytes([1, 2]), false, .success, false),
        ("credBlob", .bytes([UInt8](repeating: 1, count: 1000)), true, .success, false),
        ("credBlob", "x", true, .cborUnexpectedType, silent), ("credBlob", true, true, .cborUnexpectedType, silent),
        ("minPinLength", true, false, .success, 4), ("minPinLength", false, false, .success, silent),
        ("minPinLength", 4, false, .cborUnexpectedType, silent),
        ("pinComplexityPolicy", true, false, .success, false), ("pinComplexityPolicy", false, false, .success, silent),
        ("pinComplexityPolicy", 1, false, .cborUnexpectedType, silent),
        ("thirdPartyPayment", true, false, .success, silent), ("thirdPartyPayment", false, true, .success, silent),
        ("thirdPartyPayment", 1, false, .cborUnexpectedType, silent), ("uvm", true, false, .success, [[1, 1, 1]]),
        ("uvm", false, false, .success, silent), ("uvm", 1, false, .cborUnexpectedType, silent),
        ("largeBlobKey", true, true, .success, silent), ("largeBlobKey", true, false, .invalidOption, silent),
        ("largeBlobKey", false, true, .invalidOption, silent), ("largeBlobKey", 1, true, .cborUnexpectedType, silent),
        ("hmac-secret", true, false, .success, true), ("hmac-secret", false, false, .success, silent),
        ("hmac-secret", 1, false, .cborUnexpectedType, silent),
        ("hmac-secret-mc", true, false, .cborUnexpectedType, silent),
        ("hmac-secret-mc", [:], false, .missingParameter, silent),
        ("exts", true, false, .success, silent), ("txAuthSimple", 1, false, .success, silent),
        ("credprotect", 9, false, .success, silent),
    ]

    @Test("makeCredential: input, discoverable or not, status and signed output", arguments: registrations)
    func registration(
        _ row: (name: String, input: CBORValue, discoverable: Bool, status: CTAPStatus, output: CBORValue?)
    ) async throws {
        let bench = Bench(.securityKey)
        #expect(await bench.configure(3, [(2, [.text(Bench.relyingPartyID)])]) == .success)
        var request = Bench.registration(discoverable: row.discoverable)
        request.extensions = Bench.extensions(row.name, row.input)
        let response = await bench.respond(request.request)
        #expect(response.status == row.status)
        guard row.status == .success else {
            #expect(response.data.isEmpty)
            return
        }
        let made = try MakeCredentialResponse(data: response.data)
        let data = try AuthenticatorData(decoding: made.authenticatorData)
        #expect(data.extensions?[.text(row.name)] == row.output)
        // The flag says whether there is a map, and nothing is in it that was not asked for.
        #expect(data.flags.contains(.extensionData) == (row.output != nil))
        #expect(data.extensions?.count ?? 0 == (row.output == nil ? 0 : 1))
        #expect((made.largeBlobKey?.count == 32) == (row.name == "largeBlobKey"))
        #expect(made.unsignedExtensionOutputs == nil)
    }

    private static let assertions: [(String, CBORValue, CTAPStatus, full: CBORValue?, bare: CBORValue?)] = [
        ("credBlob", true, .success, .bytes([5, 6]), .bytes([])), ("credBlob", false, .success, silent, silent),
        ("credBlob", .bytes([1]), .cborUnexpectedType, silent, silent),
        ("thirdPartyPayment", true, .success, true, false), ("thirdPartyPayment", false, .success, silent, silent),
        ("thirdPartyPayment", 1, .cborUnexpectedType, silent, silent),
        ("uvm", true, .success, [[1, 1, 1]], [[1, 1, 1]]),
        ("uvm", false, .success, silent, silent), ("uvm", "x", .cborUnexpectedType, silent, silent),
        ("largeBlobKey", true, .success, silent, silent), ("largeBlobKey", false, .invalidOption, silent, silent),
        ("largeBlobKey", .null, .cborUnexpectedType, silent, silent),
        ("hmac-secret", true, .cborUnexpectedType, silent, silent),
        ("hmac-secret", [:], .missingParameter, silent, silent),
        // What belongs to registrations is ignored, whatever it is.
        ("credProtect", 9, .success, silent, silent), ("minPinLength", 1, .success, silent, silent),
        ("pinComplexityPolicy", 1, .success, silent, silent), ("hmac-secret-mc", 1, .success, silent, silent),
        ("unknown", 1, .success, silent, silent),
    ]

    @Test(
        "getAssertion: input, status and signed output, with a credential that has everything and one that has nothing",
        arguments: assertions)
    func assertion(
        _ row: (name: String, input: CBORValue, status: CTAPStatus, full: CBORValue?, bare: CBORValue?)
    ) async throws {
        let bench = Bench(.securityKey)
        var request = Bench.registration(user: [1], discoverable: true)
        request.extensions = CBORMap()
        request.extensions?["credBlob"] = .bytes([5, 6])
        request.extensions?["largeBlobKey"] = true
        request.extensions?["thirdPartyPayment"] = true
        let full = try await bench.register(request)
        let bare = try await bench.register(Bench.registration(user: [2], discoverable: false))
        for (registered, output) in [(full, row.full), (bare, row.bare)] {
            var login = Bench.authentication(allowList: [registered.id])
            login.extensions = Bench.extensions(row.name, row.input)
            let response = await bench.respond(login.request)
            #expect(response.status == row.status)
            guard row.status == .success else { continue }
            let assertion = try GetAssertionResponse(data: response.data)
            let data = try AuthenticatorData(decoding: assertion.authenticatorData)
            #expect(data.extensions?[.text(row.name)] == output)
            #expect(data.flags.contains(.extensionData) == (output != nil))
            let key = row.name == "largeBlobKey" ? registered.response.largeBlobKey : nil
            #expect(assertion.largeBlobKey == key)
            #expect(try isValid(assertion.signature, over: assertion.authenticatorData, by: registered.publicKey))
        }
    }

    @Test("minPinLength and pinComplexityPolicy: nothing for relying parties that are not on the list")
    func unlisted() async throws {
        let bench = Bench(.securityKey)
        #expect(await bench.configure(3, [(2, ["other.example"])]) == .success)
        for (id, isListed) in [(Bench.relyingPartyID, false), ("other.example", true)] {
            var request = Bench.registration(relyingPartyID: id)
            request.extensions = CBORMap()
            request.extensions?["minPinLength"] = true
            request.extensions?["pinComplexityPolicy"] = true
            let outputs = try await bench.register(request).data.extensions
            #expect(outputs?.count == (isListed ? 2 : nil))
        }
        #expect(await bench.configure(3, [(4, true)]) == .success)
        var request = Bench.registration(relyingPartyID: "other.example")
        request.extensions = Bench.extensions("pinComplexityPolicy", true)
        #expect(try await bench.register(request).data.extensions?["pinComplexityPolicy"] == true)
    }

    @Test("hmac-secret-mc needs hmac-secret: true in the same request", arguments: [nil, false, true] as [Bool?])
    func secretAtOnce(wanted: Bool?) async throws {
        let bench = Bench(.securityKey)
        var platform = try await PRFPlatform(bench, .two)
        var request = Bench.registration()
        request.extensions = CBORMap()
        request.extensions?["hmac-secret"] = wanted.map(CBORValue.boolean)
        request.extensions?["hmac-secret-mc"] = try platform.input(Bench.salts(1)).ctap
        #expect(await bench.status(request.request) == (wanted == true ? .success : .missingParameter))
    }

    @Test("uvm says how the user was verified: by PIN, by finger, by presence, or not at all")
    func methods() async throws {
        let platform = try await PINTests.platform()
        var request = platform.registration(try await platform.token(.makeCredential))
        request.extensions = Bench.extensions("uvm", true)
        let made = try await platform.bench.register(request)
        #expect(made.data.extensions?["uvm"] == [[0x800, 1, 1]])
        var finger = Bench.registration(userVerification: true)
        finger.extensions = Bench.extensions("uvm", true)
        #expect(try await Bench(.platform).register(finger).data.extensions?["uvm"] == [[2, 1, 1]])
        for (presence, method) in [(true, 1), (false, 0x200)] as [(Bool, CBORValue)] {
            var login = Bench.authentication(allowList: [made.id], userPresence: presence)
            login.extensions = Bench.extensions("uvm", true)
            let data = try AuthenticatorData(decoding: try await platform.bench.assertion(login).authenticatorData)
            #expect(data.extensions?["uvm"] == [[method, 1, 1]])
        }
    }
}
