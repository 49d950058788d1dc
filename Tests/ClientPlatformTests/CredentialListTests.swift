import CTAP
import ClientPlatform
import FoundationEssentials
import Testing
import WebAuthnModel

@Suite("Credential lists that are longer than the authenticator takes")
struct CredentialListTests {
    static func list(_ ids: [UInt8]) -> [PublicKeyCredentialDescriptor] {
        ids.map { PublicKeyCredentialDescriptor(id: [$0]) }
    }

    func get(_ authenticator: ScriptedAuthenticator, _ ids: [UInt8]) async throws -> AuthenticationResponse {
        try await makeClient().get(
            PublicKeyCredentialRequestOptions(
                challenge: [1], rpId: "portal.example", allowCredentials: Self.list(ids)),
            using: authenticator, attachment: .crossPlatform)
    }

    @Test("A list that fits is sent as it is")
    func fits() async throws {
        let authenticator = ScriptedAuthenticator(.init(maximumCount: 3, held: [[2]]))
        #expect(try await get(authenticator, [1, 2, 3]).rawId.bytes == [2])
        #expect(authenticator.record.assertions.map(\.allowList) == [Self.list([1, 2, 3])])
    }

    @Test("A longer list is tried part by part without user presence, then what is held is used")
    func parts() async throws {
        let authenticator = ScriptedAuthenticator(.init(maximumCount: 2, held: [[4]]))
        #expect(try await get(authenticator, [1, 2, 3, 4, 5]).rawId.bytes == [4])
        let requests = authenticator.record.assertions
        #expect(requests.map(\.allowList) == [Self.list([1, 2]), Self.list([3, 4]), Self.list([4])])
        #expect(requests.map(\.options.userPresence) == [false, false, nil])
        #expect(requests.dropLast().allSatisfy { $0.clientDataHash == [UInt8](repeating: 0, count: 32) })
    }

    @Test("Nothing held is the authenticator's own refusal", arguments: [UInt64(1), 2, 5])
    func nothing(maximumCount: UInt64) async throws {
        let authenticator = ScriptedAuthenticator(.init(maximumCount: maximumCount, held: []))
        await #expect(throws: ClientPlatformError.authenticator(.status(.noCredentials))) {
            _ = try await get(authenticator, [1, 2, 3])
        }
    }

    @Test("IDs that are too long are left out, and never turn a list into no list")
    func tooLong() async throws {
        let authenticator = ScriptedAuthenticator(.init(maximumIDLength: 0))
        await #expect(throws: ClientPlatformError.authenticator(.status(.noCredentials))) {
            _ = try await get(authenticator, [1])
        }
        #expect(authenticator.record.assertions.isEmpty)
    }

    @Test("An exclude list is fitted in the same way", arguments: [[[UInt8]](), [[3]]])
    func exclude(held: [[UInt8]]) async throws {
        let authenticator = ScriptedAuthenticator(.init(maximumCount: 2, held: held))
        var options = creationOptions()
        options.excludeCredentials = Self.list([1, 2, 3])
        _ = try await makeClient().create(options, using: authenticator, attachment: .crossPlatform)
        let expected = held.isEmpty ? nil : Self.list([3])
        #expect(authenticator.record.creations.map(\.excludeList) == [expected])
    }

    @Test("An authenticator that is lost in between is reported")
    func lost() async throws {
        let error = CTAPClientError.transport("the device was unplugged")
        let authenticator = ScriptedAuthenticator(.init(error: error, maximumCount: 1))
        await #expect(throws: ClientPlatformError.authenticator(error)) { _ = try await get(authenticator, [1, 2]) }
    }
}
