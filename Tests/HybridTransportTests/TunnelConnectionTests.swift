import CertificateAuthority
import FoundationEssentials
import HybridProtocol
import HybridTransport
import NIOSSL
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct TunnelConnectionTests {
    /// A phone and a client that have met.
    private func withTunnel(
        body: (_ phone: TunnelConnection, _ client: TunnelConnection) async throws -> Void
    ) async throws {
        try await TunnelServerHarness.run { harness in
            try await TunnelConnection.withConnection(to: harness.endpoint, path: .new(.test(1))) { phone in
                let routingID = try #require(phone.routingID)
                let path = TunnelPath.connect(routingID, .test(1))
                try await TunnelConnection.withConnection(to: harness.endpoint, path: path) { client in
                    #expect(client.routingID == nil)
                    try await body(phone, client)
                }
            }
        }
    }

    @Test("two ends exchange messages verbatim", arguments: [1, 81, 126, 65_536, 1 << 20])
    func messages(count: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(count))
        let message = generator.bytes(count)
        let answer = generator.bytes(count)
        try await withTunnel { phone, client in
            var atPhone = phone.inbound.makeAsyncIterator()
            var atClient = client.inbound.makeAsyncIterator()
            for _ in 0..<3 {
                try await client.send(message)
                #expect(try await atPhone.next() == message)
                try await phone.send(answer)
                #expect(try await atClient.next() == answer)
            }
        }
    }

    @Test("messages that no tunnel carries are not sent", arguments: [0, (1 << 20) + 1])
    func unsendable(count: Int) async throws {
        try await withTunnel { _, client in
            await #expect(throws: TunnelError.unsendableMessage(byteCount: count)) {
                try await client.send([UInt8](repeating: 0, count: count))
            }
        }
    }

    @Test("when one end leaves, the other's messages end after the last one")
    func leaving() async throws {
        try await TunnelServerHarness.run { harness in
            try await TunnelConnection.withConnection(to: harness.endpoint, path: .new(.test(1))) { phone in
                let path = TunnelPath.connect(try #require(phone.routingID), .test(1))
                try await TunnelConnection.withConnection(to: harness.endpoint, path: path) { client in
                    for number in 0..<5 as Range<UInt8> { try await client.send([number]) }
                }
                var received: [UInt8] = []
                for try await message in phone.inbound { received += message }
                #expect(received == [0, 1, 2, 3, 4])
                await #expect(throws: TunnelError.closed(code: 1000, reason: "remote peer cleanly disconnected")) {
                    while true { try await phone.send([1]) }
                }
            }
        }
    }

    @Test("an error of the service reaches both ends as a code")
    func serviceEnds() async throws {
        try await TunnelServerHarness.run { harness in
            try await TunnelConnection.withConnection(to: harness.endpoint, path: .new(.test(1))) { phone in
                await harness.shutDown()
                await #expect(throws: TunnelError.closed(code: 1001, reason: "the service is shutting down")) {
                    for try await _ in phone.inbound {}
                }
            }
        }
    }

    @Test(
        "a refusal is an error with its status",
        arguments: [
            (TunnelPath.connect(.zero, .test(2)), 404), (.new(.test(1)), 409), (.contact([1, 2, 3]), 410),
        ])
    func refused(path: TunnelPath, status: Int) async throws {
        try await TunnelServerHarness.run { harness in
            try await TunnelConnection.withConnection(to: harness.endpoint, path: .new(.test(1))) { _ in
                _ = await #expect(throws: TunnelError.refused(status: status, path: path.path)) {
                    try await TunnelConnection.withConnection(to: harness.endpoint, path: path) { _ in }
                }
            }
        }
    }

    @Test("a certificate of an unknown authority, or for another name, is refused")
    func certificates() async throws {
        try await TunnelServerHarness.run { harness in
            var endpoint = harness.endpoint
            endpoint.trustRoots = .system
            for roots in [
                TunnelEndpoint.TrustRoots.system,
                .certificates(pem: try ThrowawayCertificateAuthority(now: .now).certificatePEM),
            ] {
                endpoint.trustRoots = roots
                await #expect {
                    try await TunnelConnection.withConnection(to: endpoint, path: .new(.test(1))) { _ in }
                } throws: { error in
                    guard case TunnelError.certificateNotTrusted(TunnelServerHarness.domainName, _) = error else {
                        Issue.record("\(error)")
                        return false
                    }
                    return true
                }
            }
            let other = harness.endpoint(domainName: "cable.example.invalid")
            await #expect(throws: TunnelError.certificateForOtherName(domainName: "cable.example.invalid")) {
                try await TunnelConnection.withConnection(to: other, path: .new(.test(1))) { _ in }
            }
        }
    }

    @Test("what cannot be an endpoint is refused before anything is sent")
    func endpoints() async throws {
        let address = TunnelEndpoint.Address(host: "127.0.0.1", port: 9)
        let noRoots = TunnelEndpoint(
            domainName: "a.example", connectAddress: address, trustRoots: .certificates(pem: "nothing"))
        await #expect {
            try await TunnelConnection.withConnection(to: noRoots, path: .new(.test(1))) { _ in }
        } throws: { error in
            guard case TunnelError.invalidTrustRoots = error else { return false }
            return true
        }
        for name in ["127.0.0.1", "", "a\0b"] {
            await #expect(throws: TunnelError.invalidDomainName(name)) {
                try await TunnelConnection.withConnection(
                    to: TunnelEndpoint(domainName: name, connectAddress: address), path: .new(.test(1))
                ) { _ in }
            }
        }
        // Port 9 of this machine: nobody listens there.
        await #expect {
            try await TunnelConnection.withConnection(
                to: TunnelEndpoint(domainName: "a.example", connectAddress: address), path: .new(.test(1))
            ) { _ in }
        } throws: { error in
            guard case TunnelError.unreachable("127.0.0.1:9", _) = error else { return false }
            return "\(error)".contains("127.0.0.1:9")
        }
        #expect(TunnelEndpoint(domainName: "a.example").address.description == "a.example:443")
    }

    @Test("the certificates are in the form that NIOSSL reads")
    func pem() throws {
        let authority = try ThrowawayCertificateAuthority(now: .now)
        let issued = try authority.issueServerCertificate(for: ["localhost"], now: .now)
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(issued.certificatePEM.utf8))
        let key = try NIOSSLPrivateKey(bytes: Array(issued.privateKeyPEM.utf8), format: .pem)
        _ = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key)))
        #expect(chain.count == 1)
    }
}
