import CredentialStorage
import SoftwareAuthenticator
import SupplementaryKeys
import TestSupport
import WebAuthnModel

extension FuzzedDecoder {
    static let storageDecoders = [
        FuzzedDecoder("passphrase-box") { input in
            for purpose in PassphraseBox.Purpose.allCases {
                guard let box = attempt({ try PassphraseBox(decoding: input, purpose: purpose) }) else { continue }
                require(box.encoded == input, "there is one encoding")
                // log₂ N, r and p: whatever costs more than nothing is not opened here.
                guard input[6] <= 4, input[7] <= 2, input[8] <= 2, let passphrase = Passphrase("wrong") else {
                    continue
                }
                require(attempt { try box.open(with: passphrase) } == nil, "a stranger's passphrase opens nothing")
            }
        },
        FuzzedDecoder("passphrase-box-change") { input in
            guard let passphrase = Passphrase("right"),
                let cost = PassphraseCost(logarithmOfRounds: 1, blockSize: 1, parallelism: 1)
            else { preconditionFailure("broken: passphrase and cost are good") }
            var reader = InputReader(input)
            let mask = reader.long()
            let content = SecretBytes(reader.rest())
            var generator = SeededGenerator(seed: 1)
            let box = certain {
                try PassphraseBox(
                    sealing: content, under: passphrase, purpose: .export, cost: cost, using: &generator)
            }
            require(certain { try box.open(with: passphrase) } == content, "it survives a round trip")
            let changed = exclusiveOr(box.encoded, mask)
            guard changed != box.encoded, changed.count == box.encoded.count, changed[6] <= 4, changed[7] <= 2 else {
                return
            }
            let opened = attempt { try PassphraseBox(decoding: changed, purpose: .export).open(with: passphrase) }
            require(opened == nil, "a changed bit is noticed")
        },
        FuzzedDecoder("private-key") { input in
            // The first byte chooses the algorithm, the rest is what a store has sealed.
            let algorithms = SupplementaryAlgorithms.all.identifiers + CredentialPrivateKey.allAlgorithms
            guard let choice = input.first, choice < algorithms.count else { return }
            let (algorithm, bytes) = (algorithms[Int(choice)], SecretBytes(input.dropFirst()))
            let load = { try CredentialPrivateKey(algorithm: algorithm, rawRepresentation: bytes, supplement: .all) }
            guard let key = attempt(load) else { return }
            require(
                key.rawRepresentation == bytes && key.publicKey.algorithm == algorithm, "it is the key that was kept")
            require(certain { try load() }.publicKey == key.publicKey, "the same bytes are the same key")
            require(attempt { try COSEKey(key.publicKey.cbor) } == key.publicKey, "relying parties can read it")
            // Of RS256 only the seal says that the factors are prime; with others OpenSSL may refuse to sign.
            let signature = attempt { try key.signature(for: [1, 2, 3]) }
            require(algorithm == .rs256 || signature?.isEmpty == false, "it signs")
        },
        FuzzedDecoder("credential-secrets") { input in
            guard let secrets = attempt({ try CredentialSecrets(decoding: input) }) else { return }
            let encoded = secrets.encoded
            require(certain { try CredentialSecrets(decoding: encoded) } == secrets, "it survives a round trip")
            require(input.first == UInt8(ascii: "{") || encoded == input, "there is one encoding in CBOR")
            func source(_ secrets: CredentialSecrets) throws -> CredentialSource {
                try secrets.source(id: [1], relyingPartyID: "example.com", algorithm: -7, supplement: .none)
            }
            guard let credential = attempt({ try source(secrets) }) else { return }
            let again = certain { try source(CredentialSecrets(credential)) }
            require(again == credential, "the credential survives a round trip")
        },
        FuzzedDecoder("store-export") { input in
            guard let export = attempt({ try StoreExport(decoding: SecretBytes(input)) }) else { return }
            let encoded = certain { try export.encoded() }
            let again = certain { try StoreExport(decoding: encoded) }
            require(again == export, "it survives a round trip")
            require(certain { try again.encoded() } == encoded, "its texts survive a round trip byte for byte")
        },
    ]
}
