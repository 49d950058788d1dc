import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Portal

/// A browser without pictures: keeps cookies, follows redirects, fills in forms.
final class Browser {
    struct Page {
        let status: Int
        let headers: HTTPFields
        let body: String
        let path: String

        /// The ids of the manual's steps that the page covers.
        var steps: [String] {
            guard let value = body.firstMatch(of: /<main [^>]*data-step="([^"]*)"/)?.1 else { return [] }
            return value.split(separator: " ").map(String.init)
        }
        /// The hidden token of the page's forms.
        var csrf: String { field("csrf") }
        /// The value of an input.
        func field(_ name: String) -> String {
            body.matches(of: /<input [^>]*name="([^"]*)" value="([^"]*)"/).first { $0.1 == name }
                .map { String($0.2) } ?? ""
        }
        /// Whether the page says a text.
        func says(_ text: String) -> Bool { body.contains(text) }
    }

    private let client: any TestClientProtocol
    var cookies: [String: String] = [:]
    var acceptLanguage: String? = "ja"

    init(client: any TestClientProtocol) { self.client = client }

    /// Somebody else's browser at the same portal.
    func another() -> Browser { Browser(client: client) }

    func setCookie(_ name: String, _ value: String) { cookies[name] = value }

    func send(
        _ method: HTTPRequest.Method, _ path: String, headers: HTTPFields = [:], body: String? = nil
    ) async throws -> Page {
        var headers = headers
        if !cookies.isEmpty {
            headers[.cookie] = cookies.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: "; ")
        }
        headers[.acceptLanguage] = acceptLanguage
        let response = try await client.executeRequest(
            uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) })
        for cookie in response.headers[values: .setCookie] {
            let pair = cookie.split(separator: ";").first.map { $0.split(separator: "=", maxSplits: 1) } ?? []
            guard let name = pair.first else { continue }
            cookies[String(name)] = pair.count == 2 ? String(pair[1]) : nil
        }
        return Page(
            status: response.status.code, headers: response.headers, body: String(buffer: response.body), path: path)
    }

    /// Opens a page, following redirects.
    func open(_ path: String) async throws -> Page {
        var page = try await send(.get, path)
        for _ in 0..<5 {
            guard page.status == 303, let next = page.headers[.location] else { break }
            page = try await send(.get, next)
        }
        return page
    }

    /// Sends a form with the token of the page that it is on, and follows redirects.
    func submit(_ path: String, _ fields: [String: String], on page: Page? = nil) async throws -> Page {
        let from: Page
        if let page { from = page } else { from = try await open(path) }
        let answer = try await post(path, fields.merging(["csrf": from.csrf]) { $1 })
        guard answer.status == 303, let next = answer.headers[.location] else { return answer }
        return try await open(next)
    }

    /// Sends a form as it is.
    func post(_ path: String, _ fields: [String: String], headers: HTTPFields = [:]) async throws -> Page {
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-._~")
        let body = fields.sorted { $0.key < $1.key }.map { name, value in
            "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")"
        }
        var headers = headers
        headers[.contentType] = "application/x-www-form-urlencoded"
        return try await send(.post, path, headers: headers, body: body.joined(separator: "&"))
    }

    /// Calls a JSON endpoint as the portal's script does.
    func call(_ path: String, _ body: String, origin: String? = PortalFixture.origin) async throws -> Page {
        var headers: HTTPFields = [.contentType: "application/json"]
        headers[.origin] = origin
        return try await send(.post, path, headers: headers, body: body)
    }
}

extension Browser {
    func logIn(_ password: String, userID: String = PortalFixture.userID) async throws -> Page {
        try await submit("/login", ["userID": userID, "password": password], on: try await send(.get, "/login"))
    }

    /// Walks chapter 1 up to, not including, a step.
    func walk(_ fixture: PortalFixture, upTo step: String, method: String = "passkey") async throws -> Page {
        var page = try await logIn(PortalFixture.initialPassword)
        while !page.steps.contains(step) {
            switch page.steps.first {
            case "1.3": page = try await submit("/first-login/date-of-birth", ["dateOfBirth": "1990-01-31"], on: page)
            case "1.4": page = try await submit("/first-login/terms", ["decision": "accept"], on: page)
            case "1.5":
                page = try await submit("/first-login/mail-address", ["mailAddress": "hanako@example.jp"], on: page)
            case "1.6":
                let link = try #require(try fixture.mailLinks().first)
                _ = try await submit(link, [:])
                page = try await open("/first-login/mail-confirmation")
            case "1.8": page = try await submit("/first-login/method", ["method": method], on: page)
            case "1.9":
                let password = PortalFixture.newPassword
                page = try await submit(
                    "/first-login/password", ["newPassword": password, "repeatedPassword": password], on: page)
            default:
                Issue.record("no way on from a page of steps \(page.steps)")
                return page
            }
        }
        return page
    }

    /// Walks chapter 1, logs out and logs in again: the page is the set-up of the method.
    func reachSetUp(_ fixture: PortalFixture, method: String = "passkey") async throws -> Page {
        let complete = try await walk(fixture, upTo: "1.10", method: method)
        _ = try await submit("/logout", [:], on: complete)
        return try await logIn(PortalFixture.newPassword)
    }

    /// Registers a passkey and names it: the page is the top page.
    func register(
        _ authenticator: inout TestAuthenticator, name: String = "自宅のパソコン"
    ) async throws -> Page {
        let options = try await call("/webauthn/registration/options", "{}")
        let answer = try await call(
            "/webauthn/registration/verification", try authenticator.create(options.body))
        #expect(answer.status == 200, "\(answer.body)")
        let naming = try await open("/passkeys/name")
        return try await submit("/passkeys/name", ["name": name, "credential": naming.field("credential")], on: naming)
    }
}

extension Browser {
    /// The passkey's login after the password, or for a fresh proof.
    ///
    /// - Returns: where it goes on.
    func prove(with authenticator: inout TestAuthenticator) async throws -> String {
        let options = try await call("/webauthn/authentication/options", "{}")
        let answer = try await call("/webauthn/authentication/verification", try authenticator.get(options.body))
        #expect(answer.status == 200, "\(answer.body)")
        return String(answer.body.firstMatch(of: /"next":"([^"]*)"/)?.1 ?? "")
    }

    /// Sets an authenticator app up, from any page that may; the page is the next one.
    func setUpApp(_ fixture: PortalFixture) async throws -> (app: TimeBasedOneTimePassword, page: Page) {
        let page = try await open("/one-time-password/set-up")
        let app = try page.app()
        return (app, try await submit("/one-time-password/set-up", ["code": fixture.code(of: app)], on: page))
    }
}

extension Browser.Page {
    /// The authenticator app after its user has scanned the page's QR code, or typed what stands below it.
    func app() throws -> TimeBasedOneTimePassword {
        let text = try #require(body.firstMatch(of: /<dd class="code">([A-Z2-7 ]+)<\/dd>/)?.1)
        var bits = 0
        var count = 0
        var secret: [UInt8] = []
        for character in text where character != " " {
            let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
            bits = (bits << 5 | (try #require(digits.firstIndex(of: character)))) & 0xFFFF
            count += 5
            if count >= 8 {
                count -= 8
                secret.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return TimeBasedOneTimePassword(secret: secret)
    }
}
