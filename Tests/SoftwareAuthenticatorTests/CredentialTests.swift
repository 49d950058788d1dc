import CTAP
import Foundation
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@Suite("Keys, wrapped credential IDs, secrets and the store in memory", .timeLimit(.minutes(2)))
struct CredentialTests {
    @Test("RFC 8032 §7.1 test 1 and RFC 6979 §A.2.5 give the public keys of known private keys")
    func knownKeys() throws {
        let seed = try #require(
            [UInt8](hex: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
        let ed25519 = try CredentialPrivateKey(algorithm: .edDSA, rawRepresentation: SecretBytes(seed))
        let point = [UInt8](hex: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
        #expect(ed25519.publicKey == .okp(algorithm: .edDSA, curve: .ed25519, x: try #require(point)))
        let scalar = try #require(
            [UInt8](hex: "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"))
        let p256 = try CredentialPrivateKey(algorithm: .es256, rawRepresentation: SecretBytes(scalar))
        let x = [UInt8](hex: "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6")
        let y = [UInt8](hex: "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299")
        #expect(
            p256.publicKey
                == .ec2(algorithm: .es256, curve: .p256, x: try #require(x), y: try #require(y)))
    }

    @Test("bytes that are not a key are refused")
    func notKeys() {
        for bytes in [[], [1], [UInt8](repeating: 0, count: 32), [UInt8](repeating: 0xFF, count: 32)] {
            #expect(throws: CredentialPrivateKeyError.notAKey(.es256)) {
                try CredentialPrivateKey(algorithm: .es256, rawRepresentation: SecretBytes(bytes))
            }
        }
        #expect(throws: CredentialPrivateKeyError.notAKey(.edDSA)) {
            try CredentialPrivateKey(algorithm: .edDSA, rawRepresentation: SecretBytes([1]))
        }
        #expect(throws: CredentialPrivateKeyError.unsupportedAlgorithm(.rs256)) {
            try CredentialPrivateKey(algorithm: .rs256, rawRepresentation: SecretBytes([1]))
        }
    }

    @Test("a generator that is stuck is noticed, one that slips is forgiven")
    func generation() throws {
        var stuck = ConstantGenerator(values: [0])
        #expect(throws: CredentialPrivateKeyError.noKeyDrawn) {
            try CredentialPrivateKey(generating: .es256, using: &stuck)
        }
        var slipping = ConstantGenerator(values: [UInt64](repeating: .max, count: 4) + [1])
        #expect(try CredentialPrivateKey(generating: .es256, using: &slipping).algorithm == .es256)
        var first = SeededGenerator(seed: 5)
        var second = SeededGenerator(seed: 5)
        #expect(
            try CredentialPrivateKey(generating: .edDSA, using: &first)
                == CredentialPrivateKey(generating: .edDSA, using: &second))
        #expect(throws: CredentialPrivateKeyError.unsupportedAlgorithm(.rs256)) {
            try CredentialPrivateKey(generating: .rs256, using: &first)
        }
    }

    @Test("no description shows a secret")
    func redaction() throws {
        var generator = SeededGenerator(seed: 5)
        let key = try CredentialPrivateKey(generating: .es256, using: &generator)
        let source = CredentialSource(
            id: [1], relyingPartyID: "r.example", userHandle: [2], userName: "mina", privateKey: key,
            isDiscoverable: true)
        #expect("\(source)" == "credential AQ for r.example")
        #expect("\(key)" == "ES256 private key")
        #expect(String(reflecting: key.rawRepresentation) == "32 secret bytes")
        var dumped = ""
        dump(source, to: &dumped)
        let secret = key.rawRepresentation.exposeSecret()
        #expect(!dumped.contains(secret.map(String.init).joined(separator: ", ")))
        #expect(!dumped.contains("- \(secret[0])\n  - \(secret[1])"))
        let identity = try AttestationIdentity(
            aaguid: .zero, validFrom: Date(timeIntervalSince1970: 0), using: &generator)
        #expect("\(identity)" == "attestation identity of model 00000000-0000-0000-0000-000000000000")
    }

    @Test("no response shows a key for large blobs")
    func redactedResponses() {
        let key = [UInt8](repeating: 0xAB, count: 32)
        var management = CredentialManagementResponse()
        management.largeBlobKey = key
        let values: [Any] = [
            MakeCredentialResponse(format: .none, authenticatorData: [], statement: nil, largeBlobKey: key),
            GetAssertionResponse(credential: nil, authenticatorData: [], signature: [], largeBlobKey: key), management,
            CredentialProperties(blob: key, largeBlobKey: SecretBytes(key)),
        ]
        for value in values {
            var dumped = "\(value)"
            dump(value, to: &dumped)
            #expect(!dumped.contains("171"), "\(dumped)")
        }
    }

    @Test("a wrapped credential ID with any byte changed is not ours")
    func tampering() async throws {
        let bench = Bench()
        let made = try await bench.register(Bench.registration())
        for index in made.id.indices {
            var id = made.id
            id[index] ^= 0x40
            #expect(await bench.status(Bench.authentication(allowList: [id]).request) == .noCredentials)
        }
        for id in [Array(made.id.dropLast()), made.id + [0], []] {
            #expect(await bench.status(Bench.authentication(allowList: [id]).request) == .noCredentials)
        }
        let another = Bench(seed: 2)
        #expect(await another.status(Bench.authentication(allowList: [made.id]).request) == .noCredentials)
    }

    @Test("two authenticators on one store know each other's wrapped credentials")
    func sharedStore() async throws {
        let store = MemoryCredentialStore()
        let made = try await Bench(store: store, seed: 1).register(Bench.registration())
        let other = Bench(store: store, seed: 2)
        #expect(await other.status(Bench.authentication(allowList: [made.id]).request) == .success)
    }

    @Test("names can be updated, credentials deleted")
    func memoryStore() async throws {
        var generator = SeededGenerator(seed: 5)
        let store = MemoryCredentialStore()
        var source = CredentialSource(
            id: [1], relyingPartyID: "r", userHandle: [2], userName: "old",
            privateKey: try CredentialPrivateKey(generating: .es256, using: &generator), isDiscoverable: true)
        #expect(store.update(source) == false)
        try store.save(source)
        source.userName = "new"
        #expect(store.update(source))
        #expect(store.source(id: [1])?.userName == "new")
        #expect(store.delete(id: [1]))
        #expect(store.delete(id: [1]) == false)
        #expect(store.source(id: [1]) == nil)
    }

    @Test("the first wrapping key and the first attestation identity stay")
    func firstStays() async throws {
        var generator = SeededGenerator(seed: 5)
        let store = MemoryCredentialStore()
        #expect(store.wrappingKey(orStoring: SecretBytes([1])) == SecretBytes([1]))
        #expect(store.wrappingKey(orStoring: SecretBytes([2])) == SecretBytes([1]))
        let date = Date(timeIntervalSince1970: 0)
        let first = try AttestationIdentity(aaguid: .zero, validFrom: date, using: &generator)
        let second = try AttestationIdentity(aaguid: .zero, validFrom: date, using: &generator)
        #expect(store.attestationIdentity(orStoring: nil) == nil)
        #expect(store.attestationIdentity(orStoring: first) == first)
        #expect(store.attestationIdentity(orStoring: second) == first)
        store.save(largeBlobArray: [1])
        let state = AuthenticatorState(templates: [], using: &generator)
        store.reset(wrappingKey: SecretBytes([3]), state: state)
        #expect(store.state() == state)
        #expect(store.largeBlobArray() == nil)
        #expect(store.wrappingKey(orStoring: SecretBytes([4])) == SecretBytes([3]))
        #expect(store.attestationIdentity(orStoring: nil) == first)
    }

    @Test("a counter that has reached its end fails the request and is reported")
    func exhaustedCounter() async throws {
        let failures = Failures()
        let bench = Bench(
            store: MemoryCredentialStore(signatureCounter: .max), reportFailure: { failures.append("\($0)") })
        #expect(await bench.respond(Bench.registration().request) == CTAPResponse(.other))
        #expect(failures.all == ["the signature counter has reached its end; start with a new store"])
        let discoverable = Bench.registration(discoverable: true, userVerification: true)
        #expect(await bench.status(discoverable.request) == .other)
        #expect(try await bench.store.sources(relyingPartyID: Bench.relyingPartyID).isEmpty)
    }
}

/// Yields given values, the last one for ever.
private struct ConstantGenerator: RandomNumberGenerator {
    var values: [UInt64]

    mutating func next() -> UInt64 { values.count > 1 ? values.removeFirst() : values[0] }
}
