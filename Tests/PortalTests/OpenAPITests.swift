import Foundation
import HTTPTypes
import Testing
import WebAuthnModel

@testable import Portal

@Suite struct OpenAPITests {
    private func document() async throws -> JSONValue {
        let fixture = try await PortalFixture()
        let (bodies, continuation) = AsyncStream.makeStream(of: String.self)
        try await fixture.browse { browser in
            let page = try await browser.send(.get, "/openapi.json")
            #expect(page.status == 200)
            #expect(page.headers[.contentType] == "application/json")
            continuation.yield(page.body)
        }
        let body = try #require(await bodies.first { _ in true })
        return try JSONDecoder().decode(JSONValue.self, from: Data(body.utf8))
    }

    @Test("Every JSON endpoint is described with its method, and nothing that is not there")
    func paths() async throws {
        let document = try await document()
        let paths = try #require(document["paths"]?.members)
        let described = paths.flatMap { path, item in (item.members ?? [:]).keys.map { "\($0) \(path)" } }
        let served = PortalRoutes.all.filter {
            $0.path.hasPrefix("/webauthn/") || $0.path.hasPrefix("/.well-known/")
        }.map { "\($0.method.rawValue.lowercased()) \($0.path)" }
        #expect(Set(described) == Set(served))
        #expect(document["openapi"] == .string("3.1.0"))
    }

    @Test("Every code of a failure is described, at every endpoint that can fail with its status")
    func failures() async throws {
        let document = try await document()
        let failures: [PortalFailure] = [
            .formExpired, .badRequest, .tooLarge, .tooManyAttempts(seconds: 1), .unavailable, .notFound,
            .methodNotAllowed(allowed: ""), .crossOrigin, .notJSON, .malformedJSON, .loginRequired, .ceremonyExpired,
            .alreadyRegistered, .credentialUnknown, .notVerified, .internalError,
        ]
        let codes = document["components"]?["schemas"]?["Failure"]?["properties"]?["error"]?["enum"]
        #expect(Set(codes?.elements ?? []) == Set(failures.map { .string($0.code) }))
    }

    @Test("Every reference leads somewhere")
    func references() async throws {
        let document = try await document()
        let references = OpenAPITests.references(in: document)
        #expect(!references.isEmpty)
        for reference in references {
            var value: JSONValue? = document
            for name in reference.split(separator: "/").dropFirst() { value = value?[String(name)] }
            #expect(value != nil, "\(reference)")
        }
    }

    @Test("Answers have the members that are described as required, and no others")
    func answers() async throws {
        let document = try await document()
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            func check(_ body: String, _ schema: String) throws {
                let answer = try JSONDecoder().decode(JSONValue.self, from: Data(body.utf8))
                let described = try #require(document["components"]?["schemas"]?[schema])
                let members = Set(try #require(answer.members).keys)
                let known = Set(try #require(described["properties"]?.members).keys)
                for required in described["required"]?.elements ?? [] {
                    if case .string(let name) = required { #expect(members.contains(name), "\(schema) \(name)") }
                }
                #expect(members.isSubset(of: known), "\(schema): \(members.subtracting(known))")
            }
            var authenticator = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            let creation = try await browser.call(
                "/webauthn/registration/options", #"{"hints":["hybrid"],"authenticatorAttachment":"cross-platform"}"#)
            try check(creation.body, "CreationOptions")
            #expect(creation.body.contains(#""hints":["hybrid"]"#) && creation.body.contains(#""prf":{}"#))
            let response = try authenticator.create(creation.body)
            try check(response, "RegistrationResponse")
            try check(try await browser.call("/webauthn/registration/verification", response).body, "Outcome")
            let request = try await browser.call(
                "/webauthn/authentication/options", #"{"hints":["client-device"],"mediation":"conditional"}"#)
            try check(request.body, "RequestOptions")
            let assertion = try authenticator.get(request.body)
            try check(assertion, "AuthenticationResponse")
            try check(try await browser.call("/webauthn/authentication/verification", assertion).body, "Outcome")
            try check(try await browser.call("/webauthn/authentication/verification", assertion).body, "Failure")
            for wrong in [
                #"{"hints":["sms"]}"#, #"{"hints":"hybrid"}"#, #"{"mediation":"silent"}"#, "[]", "",
                #"{"hints":["hybrid","hybrid","hybrid","hybrid"]}"#,
            ] {
                for path in ["/webauthn/authentication/options", "/webauthn/registration/options"] {
                    #expect(try await browser.call(path, wrong).status == 400)
                }
            }
        }
    }

    @Test("Password managers find the pages for passwords and passkeys")
    func wellKnown() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let change = try await browser.send(.get, "/.well-known/change-password")
            #expect(change.status == 303 && change.headers[.location] == "/settings/password")
            let endpoints = try await browser.send(.get, "/.well-known/passkey-endpoints")
            #expect(
                endpoints.body
                    == #"{"enroll":"https://portal.example/passkeys/new","manage":"https://portal.example/settings/passkeys"}"#
            )
            #expect(try await browser.send(.get, "/.well-known/nothing").status == 404)
        }
    }

    private static func references(in value: JSONValue) -> [String] {
        switch value {
        case .object(let members):
            if case .string(let reference)? = members["$ref"] { return [reference] }
            return members.values.flatMap(references)
        case .array(let elements): return elements.flatMap(references)
        default: return []
        }
    }
}

extension JSONValue {
    fileprivate var members: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }
    fileprivate var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
    fileprivate subscript(name: String) -> JSONValue? { members?[name] }
}
