import Crypto
import TestSupport
import Testing

@testable import HybridProtocol

@Suite struct HybridKeyDerivationTests {
    @Test("published derivations", arguments: try HybridVector.group("kdf"))
    func vector(_ vector: HybridVector) throws {
        let secret = try vector.inputs.bytes("secret")
        guard let number = vector.inputs["purpose"]?.number else { return try allPurposes(vector, secret) }
        let purpose = try #require(HybridKeyDerivation.Purpose(rawValue: UInt32(number)))
        let output = HybridKeyDerivation.derive(
            secret: secret, salt: try vector.inputs.bytes("salt"), purpose: purpose, byteCount: 64)
        #expect(output == (try vector.outputs.bytes("okm")))
    }

    private func allPurposes(_ vector: HybridVector, _ secret: [UInt8]) throws {
        let eid = try #require(HybridEID(bytes: [UInt8](repeating: 0, count: 16)))
        let eidKey = HybridKeyDerivation.eidKey(secret: secret)
        #expect(
            eidKey.encryptionKey.keyBytes + eidKey.authenticationKey.keyBytes == (try vector.outputs.bytes("eid_key")))
        #expect(HybridKeyDerivation.tunnelID(qrSecret: secret).bytes == (try vector.outputs.bytes("tunnel_id")))
        #expect(
            HybridKeyDerivation.pairedSecret(rootSecret: secret, linkID: [])
                == (try vector.outputs.bytes("paired_secret_from_no_salt")))
        #expect(
            HybridKeyDerivation.identityKeySeed(rootSecret: secret) == (try vector.outputs.bytes("identity_seed")))
        #expect(
            HybridKeyDerivation.perContactIDSecret(rootSecret: secret, contactID: Array("contact".utf8))
                == (try vector.outputs.bytes("per_contact_id_secret_salt_'contact'")))
        #expect(
            HybridKeyDerivation.psk(secret: secret, eid: eid).keyBytes
                == (try vector.outputs.bytes("psk_salt_zero_eid")))
    }
}

@Suite struct TunnelDomainTests {
    @Test("published domains", arguments: try HybridVector.group("domain"))
    func vector(_ vector: HybridVector) throws {
        let id = try #require(vector.inputs["id"]?.number.flatMap(UInt16.init(exactly:)))
        #expect(TunnelDomain(id: id)?.name == vector.outputs["domain"]?.string)
    }

    @Test("numbers 2 to 255 are no domains, all others are")
    func assignment() {
        for id in UInt16.min...UInt16.max {
            #expect((TunnelDomain(id: id) != nil) == (id < 2 || id > 255))
        }
        #expect(TunnelDomain.google.name == "cable.ua5v.com")
        #expect(TunnelDomain.apple.name == "cable.auth.com")
        #expect(TunnelDomain.assignedCount == 2)
    }
}

@Suite struct TunnelPathTests {
    @Test("published paths", arguments: try HybridVector.group("tunnel"))
    func vector(_ vector: HybridVector) throws {
        let path = try #require(vector.inputs["path"]?.string)
        let parsed = TunnelPath(path: path)
        guard case .array(let expected) = vector.outputs["parsed"] else {
            #expect(parsed == nil)
            return
        }
        let tunnelID = try #require(TunnelID(hexadecimal: expected[2].string ?? ""))
        switch parsed {
        case .new(tunnelID): #expect(expected[0].string == "new")
        case .connect(let routingID, tunnelID):
            #expect(expected[0].string == "connect")
            #expect(routingID.hexadecimal == expected[1].string)
        default: Issue.record("\(path) was read as \(String(describing: parsed))")
        }
        #expect(parsed?.path == path)
    }

    @Test("digits may have either case and are written in lower case")
    func letterCase() {
        let path = "/cable/connect/c0ffee/68656c6c6f2c20776562617574686e21"
        #expect(TunnelPath(path: "/cable/connect/C0FfeE/68656C6C6F2C20776562617574686E21")?.path == path)
    }

    @Test(
        "other spellings are refused",
        arguments: [
            "", "/cable", "/cable/", "/cable/new", "/CABLE/new/68656c6c6f2c20776562617574686e21",
            "/cable/New/68656c6c6f2c20776562617574686e21", "/cable/new/68656c6c6f2c20776562617574686e21?a",
            "/cable/new/68656c6c6f2c20776562617574686e2", "/cable/new/68656c6c6f2c20776562617574686e2100",
            "/cable//new/68656c6c6f2c20776562617574686e21", "/cable/new/%368656c6c6f2c20776562617574686e21",
            "/cable/new/６8656c6c6f2c20776562617574686e2", "/cable/contact/", "/cable/contact/a", "/cable/contact/AB",
            "/cable/contact/AA==", "/cable/contact/AA+A", "/cable/contact/AAA/", "/cable/contact/..",
        ])
    func rejection(path: String) {
        #expect(TunnelPath(path: path) == nil)
    }

    @Test("contact identifiers of every length survive a round trip")
    func contact() {
        var generator = SeededGenerator(seed: 4)
        for count in 1..<50 {
            let path = TunnelPath.contact(generator.bytes(count))
            #expect(TunnelPath(path: path.path) == path)
        }
        #expect(TunnelPath.contact([0xFB, 0xEF, 0xFF]).path == "/cable/contact/--__")
    }
}
