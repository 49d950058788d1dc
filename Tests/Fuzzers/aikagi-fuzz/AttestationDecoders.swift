import FoundationEssentials
import WebAuthnModel

@testable import RelyingParty

extension FuzzedDecoder {
    static let attestationDecoders = [
        FuzzedDecoder("tpm-public-area") { input in
            guard let area = TPMPublicArea(input) else { return }
            // It is for one key at most, and a key of another kind is none of its.
            let okp = COSEKey.okp(algorithm: .edDSA, curve: .ed25519, x: [])
            require(!area.isFor(okp), "a TPM has no such key")
            if case .ecc(let curve, let x, let y) = area.key {
                require(area.isFor(.ec2(algorithm: .es256, curve: curve, x: x, y: y)), "it is for its own key")
            }
        },
        FuzzedDecoder("tpm-certification") { input in
            guard let certification = TPMCertification(input) else { return }
            require(certification.extraData.count + certification.name.count < input.count, "parts are shorter")
        },
        FuzzedDecoder("android-key-description") { input in
            guard let description = AndroidKeyDescription(input[...]) else { return }
            require(description.attestationChallenge.count < input.count, "the challenge is a part")
        },
        FuzzedDecoder("compact-jws") { input in
            guard let jws = attempt({ try CompactJWS(input) }) else { return }
            require(!jws.chain.isEmpty, "there is a certificate")
            _ = attempt { try jws.verify() }
        },
        FuzzedDecoder("metadata-payload") { input in
            guard let list = attempt({ try MetadataBLOB(payload: input, now: now) }) else { return }
            for entry in list.entries {
                guard let aaguid = entry.aaguid else { continue }
                require(list.entry(for: aaguid)?.aaguid == aaguid, "a model is found")
            }
            require(list.problems.allSatisfy { "\($0)".contains(" ") }, "a problem is a sentence")
        },
        FuzzedDecoder("certificate-list") { input in
            guard let list = CertificateList(reading: input) else { return }
            require(!list.certificates.isEmpty || !list.unreadable.isEmpty, "something looks like a certificate")
        },
    ]

    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
}
