import ArgumentParser
import Foundation
import SoftwareAuthenticator
import Testing
import WebAuthnModel

@testable import AikagiCommands

@Suite("Attestation on the command line")
struct AttestationPlanTests {
    @Test("kinds are read in their order")
    func lists() throws {
        #expect(
            try AttestationList("basic,fido-u2f,none,tpm,android-key,apple", separator: ",").kinds
                == [.basic, .fidoU2F, .none, .tpm, .androidKey, .apple])
        #expect(try KeyArgument(argument: "platform,attestation=tpm+self").attestation?.kinds == [.tpm, .selfSigned])
        #expect(try PhoneArgument(argument: "attestation=apple").attestation?.kinds == [.apple])
        #expect(try KeyArgument(argument: KeyArgument.plain).attestation == nil)
    }

    @Test("others are refused", arguments: ["", "packed", "self,basic", "basic,basic", "tpm,", "tpm+apple", "TPM"])
    func refusals(text: String) {
        #expect(throws: ValidationError.self) { try AttestationList(text, separator: ",") }
    }

    @Test("without certificates no root is made")
    func withoutCertificates() async throws {
        let store = MemoryCredentialStore()
        var configuration = Authenticator.Configuration(flavour: .phone)
        try await AttestationPlan().apply(to: &configuration, store: store)
        #expect(configuration.attestations == [.none])
        try await AttestationPlan(list: try AttestationList("self,none", separator: ",")).apply(
            to: &configuration, store: store)
        #expect(configuration.attestations == [.selfAttestation, .none])
        #expect(store.attestationIdentity(orStoring: nil) == nil)
    }

    @Test("all certificates have the store's root and the device's model, also where another device made the store")
    func oneRoot() async throws {
        let store = MemoryCredentialStore()
        var generator = SystemRandomNumberGenerator()
        let stored = try AttestationIdentity(
            aaguid: Flavour.phone.aaguid, validFrom: AttestationIdentity.firstDay, using: &generator)
        _ = store.attestationIdentity(orStoring: stored)
        var configuration = Authenticator.Configuration(flavour: .securityKey)
        let plan = AttestationPlan(
            list: try AttestationList("basic,fido-u2f,tpm,android-key,apple", separator: ","),
            enterpriseRelyingPartyIDs: ["a.example"])
        try await plan.apply(to: &configuration, store: store)
        #expect(
            configuration.attestations.map(\.format.rawValue) == ["packed", "fido-u2f", "tpm", "android-key", "apple"])
        #expect(configuration.aaguid == Flavour.securityKey.aaguid)
        #expect(configuration.enterpriseRelyingPartyIDs == ["a.example"])
        var identities = [try #require(configuration.enterpriseIdentity)]
        for attestation in configuration.attestations {
            switch attestation {
            case .none, .selfAttestation: Issue.record("\(attestation)")
            case .basic(let identity), .fidoU2F(let identity), .tpm(let identity), .androidKey(let identity),
                .apple(let identity):
                identities.append(identity)
            }
        }
        #expect(identities.allSatisfy { $0.rootCertificate == stored.rootCertificate })
        #expect(identities.allSatisfy { $0.aaguid == Flavour.securityKey.aaguid })
    }

    @Test("roots are written one after the other, in place of earlier ones, and of nothing else")
    func rootFile() throws {
        let folder = URL(filePath: NSTemporaryDirectory() + "aikagi-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var generator = SystemRandomNumberGenerator()
        let roots = try (0..<2).map { _ in
            try AttestationIdentity(
                aaguid: .zero, validFrom: AttestationIdentity.firstDay, using: &generator)
        }
        let path = folder.path(percentEncoded: false) + "/root.pem"
        for _ in 0..<2 {
            let file = AttestationRootFile(path: path)
            for root in roots { try file.add(root) }
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text == roots.map(\.rootCertificatePEM).joined())
        }
        try Data("a diary".utf8).write(to: URL(filePath: path))
        #expect(throws: CommandFailure.self) { try AttestationRootFile(path: path).add(roots[0]) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "a diary")
        #expect(throws: CommandFailure.self) { try AttestationRootFile(path: path + "/no/where").add(roots[0]) }
        let link = folder.path(percentEncoded: false) + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        #expect(throws: CommandFailure.self) { try AttestationRootFile(path: link).add(roots[0]) }
        #expect(throws: CommandFailure.self) {
            try AttestationRootFile(path: folder.path(percentEncoded: false)).add(roots[0])
        }
    }
}
