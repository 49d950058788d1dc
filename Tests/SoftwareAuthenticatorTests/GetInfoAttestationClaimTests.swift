import CTAP
import Foundation
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@Suite("getInfo is true: algorithms and attestation (§6.4)", .timeLimit(.minutes(3)))
struct GetInfoAttestationClaimTests {
    @Test("algorithms: each that is listed makes credentials, and no other does", arguments: Model.all)
    func algorithms(model: Model) async throws {
        let info = try await model.info()
        let listed = try #require(info.algorithms).map(\.alg)
        #expect(Set(listed).count == listed.count && !listed.isEmpty)
        for number in [
            -7, -8, -9, -35, -36, -37, -38, -39, -47, -48, -49, -50, -51, -52, -53, -257, -258, -259, -65535, 0, 7,
        ] {
            let algorithm = COSEAlgorithm(rawValue: number)
            let request = Bench.registration(
                algorithms: [algorithm], userVerification: info.verifiesUser ? true : nil)
            guard listed.contains(algorithm) else {
                #expect(await model.bench().status(request.request) == .unsupportedAlgorithm, "\(number)")
                continue
            }
            #expect(try await model.bench().register(request).publicKey.algorithm == algorithm)
        }
    }

    @Test("attestationFormats: what is listed is made, and what is preferred of it", arguments: Model.all)
    func attestation(model: Model) async throws {
        let info = try await model.info()
        let verification: Bool? = info.verifiesUser ? true : nil
        let plain = Bench.registration(userVerification: verification)
        let usual = try await model.bench().register(plain).response.format
        #expect(model.flavour == .phone ? usual == .none : usual == .packed)
        for format in info.attestationFormats ?? [] {
            var request = plain
            request.attestationFormatsPreference = [format, "tpm"]
            #expect(try await model.bench().register(request).response.format.rawValue == format)
        }
        #expect(usual == .none || info.attestationFormats?.contains(usual.rawValue) ?? true)
    }

    @Test("ep: enterprise attestation is possible exactly where it is listed", arguments: Model.all)
    func enterprise(model: Model) async throws {
        var generator = SeededGenerator(seed: 8)
        let identity = try AttestationIdentity(
            aaguid: model.flavour.aaguid, validFrom: Date(timeIntervalSince1970: 1_767_225_600), using: &generator)
        for given in [identity, nil] {
            let bench = model.bench(enterpriseIdentity: given)
            let info = try await bench.client.getInfo()
            #expect((info.options["ep"] != nil) == (given != nil && info.options["authnrCfg"] == true))
            guard info.options["authnrCfg"] == true else { continue }
            let status = await bench.configure(1, [], try await bench.token(.authenticatorConfiguration))
            #expect((status == .success) == (info.options["ep"] != nil))
            #expect(try await bench.client.getInfo().options["ep"] == (given == nil ? nil : true))
        }
    }
}
