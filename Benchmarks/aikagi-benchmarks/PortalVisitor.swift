import CBOR
import CDoorClient
import Crypto
import Foundation
import Glibc
import RelyingParty
import WebAuthnModel

/// A passkey in software, without the ceremony around it.
struct BenchmarkPasskey {
    let userHandle: [UInt8]
    private let credentialID: [UInt8]
    private let key = P256.Signing.PrivateKey()
    private let authenticatorData: [UInt8]

    init(number: Int) {
        credentialID = Array("credential \(number)".utf8)
        userHandle = Array("user \(number)".utf8)
        // A synchronised one: the counter stays zero.
        authenticatorData =
            AuthenticatorData(
                relyingPartyIDHash: Array(SHA256.hash(data: Array("localhost".utf8))),
                flags: [.userPresent, .userVerified, .backupEligible, .backedUp], signatureCounter: 0
            ).encoded
    }

    /// What the portal keeps about it.
    var record: CredentialRecord {
        let point = Array(key.publicKey.rawRepresentation)
        let publicKey = COSEKey.ec2(
            algorithm: .es256, curve: .p256, x: Array(point.prefix(32)), y: Array(point.suffix(32)))
        return CredentialRecord(
            id: credentialID, userHandle: userHandle, publicKey: CBOREncoder.encode(publicKey.cbor),
            signatureCounter: 0, transports: [.internal, .hybrid], userVerificationInitialized: true,
            backupEligible: true,
            backupState: true, aaguid: .zero)
    }

    /// Answers request options.
    func response(to options: [UInt8], origin: String) throws -> [UInt8] {
        let options = try JSONDecoder().decode(PublicKeyCredentialRequestOptions.self, from: Data(options))
        let clientData = CollectedClientData(
            type: CollectedClientData.getType, challenge: options.challenge.bytes, origin: origin
        ).encoded
        let signature = try key.signature(for: authenticatorData + Array(SHA256.hash(data: clientData)))
        let response = AuthenticationResponse(
            credentialID: credentialID,
            response: AuthenticationResponse.Response(
                clientDataJSON: clientData, authenticatorData: authenticatorData,
                signature: Array(signature.derRepresentation), userHandle: userHandle),
            authenticatorAttachment: "platform")
        return Array(try JSONEncoder().encode(response))
    }
}

/// A browser's connection to the portal, which is kept alive: HTTP/1.1, one request after the other.
final class PortalVisitor {
    private let descriptor: CInt
    private let origin: String
    private let passkey: BenchmarkPasskey
    private var cookie = ""
    private var unread: [UInt8] = []

    /// Connects, and opens the login page, which gives the cookie.
    init(port: UInt16, origin: String, passkey: BenchmarkPasskey) throws {
        self.origin = origin
        self.passkey = passkey
        descriptor = aikagi_door_connect(AIKAGI_DOOR_TCP, port, "")
        guard descriptor >= 0 else { throw DoorClient.Failure(description: "cannot connect to the portal") }
        try send("GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n", [])
        let head = try receive().head
        guard let field = head.first(where: { $0.lowercased().hasPrefix("set-cookie: ") }),
            let value = field.dropFirst("set-cookie: ".count).split(separator: ";").first
        else { throw DoorClient.Failure(description: "the portal gives no cookie") }
        cookie = String(value)
    }

    deinit { close(descriptor) }

    /// Asks for the options of a login.
    func begin() throws { try post("options", Array("{}".utf8)) }

    /// Takes the options and sends the response.
    func answer() throws { try post("verification", try passkey.response(to: try expectSuccess(), origin: origin)) }

    /// Takes the outcome: the visitor is in.
    ///
    /// The next login is by the cookie from before, that is, another visit's.
    func finish() throws {
        let outcome = try expectSuccess()
        guard String(decoding: outcome, as: UTF8.self) == #"{"next":"/top"}"# else {
            throw DoorClient.Failure(description: String(decoding: outcome, as: UTF8.self))
        }
    }

    private func post(_ endpoint: String, _ body: [UInt8]) throws {
        try send(
            "POST /webauthn/authentication/\(endpoint) HTTP/1.1\r\nHost: localhost\r\nOrigin: \(origin)\r\n"
                + "Content-Type: application/json\r\nContent-Length: \(body.count)\r\nCookie: \(cookie)\r\n\r\n", body)
    }

    private func expectSuccess() throws -> [UInt8] {
        let (head, body) = try receive()
        guard head.first?.hasPrefix("HTTP/1.1 200 ") == true else {
            throw DoorClient.Failure(
                description: "the portal says \(head.first ?? "nothing"): \(String(decoding: body, as: UTF8.self))")
        }
        return body
    }

    private func send(_ head: String, _ body: [UInt8]) throws {
        let bytes = Array(head.utf8) + body
        guard Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count else {
            throw DoorClient.Failure(description: "the portal takes no request")
        }
    }

    /// The lines before the empty one, and as many bytes after it as Content-Length says.
    private func receive() throws -> (head: [String], body: [UInt8]) {
        let separator = Array("\r\n\r\n".utf8)
        while true {
            if let end = unread.firstRange(of: separator) {
                let head = String(decoding: unread[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
                let length = head.first { $0.lowercased().hasPrefix("content-length: ") }
                    .flatMap { Int($0.dropFirst("content-length: ".count)) }
                guard let length else { throw DoorClient.Failure(description: "an answer without its length") }
                if unread.count >= end.upperBound + length {
                    let body = Array(unread[end.upperBound..<end.upperBound + length])
                    unread.removeFirst(end.upperBound + length)
                    return (head, body)
                }
            }
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            guard count > 0 else { throw DoorClient.Failure(description: "the portal does not answer") }
            unread += bytes.prefix(count)
        }
    }
}
