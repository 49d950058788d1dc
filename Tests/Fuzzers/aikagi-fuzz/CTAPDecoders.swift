import CBOR
import CTAP
import TestSupport

extension FuzzedDecoder {
    static let ctapDecoders = [
        FuzzedDecoder("make-credential-request") { input in
            guard let request = attempt({ try MakeCredentialRequest(parameters: input) }) else { return }
            let encoded = request.request.parameters
            let again = attempt { try MakeCredentialRequest(parameters: encoded) }
            require(again?.request.parameters == encoded, "it survives a round trip")
        },
        FuzzedDecoder("get-assertion-request") { input in
            guard let request = attempt({ try GetAssertionRequest(parameters: input) }) else { return }
            let encoded = request.request.parameters
            let again = attempt { try GetAssertionRequest(parameters: encoded) }
            require(again?.request.parameters == encoded, "it survives a round trip")
        },
        FuzzedDecoder("get-info-response") { input in
            guard let info = attempt({ try AuthenticatorInfo(data: input) }) else { return }
            let again = attempt { try AuthenticatorInfo(data: info.encoded) }
            require(again?.encoded == info.encoded, "it survives a round trip")
        },
        FuzzedDecoder("make-credential-response") { input in
            guard let response = attempt({ try MakeCredentialResponse(data: input) }) else { return }
            let encoded = response.response.data
            let again = attempt { try MakeCredentialResponse(data: encoded) }
            require(again == response && again?.response.data == encoded, "it survives a round trip")
        },
        FuzzedDecoder("get-assertion-response") { input in
            guard let response = attempt({ try GetAssertionResponse(data: input) }) else { return }
            let encoded = response.response.data
            let again = attempt { try GetAssertionResponse(data: encoded) }
            require(again?.response.data == encoded, "it survives a round trip")
        },
        FuzzedDecoder("client-pin-request") { input in
            guard let request = attempt({ try ClientPINRequest(parameters: input) }) else { return }
            let encoded = request.request.parameters
            let again = attempt { try ClientPINRequest(parameters: encoded) }
            require(again == request && again?.request.parameters == encoded, "it survives a round trip")
        },
        FuzzedDecoder("client-pin-response") { input in
            guard let response = attempt({ try ClientPINResponse(data: input) }) else { return }
            let encoded = response.response.data
            require(attempt { try ClientPINResponse(data: encoded) } == response, "it survives a round trip")
        },
        FuzzedDecoder("credential-management-request") { input in
            guard let request = attempt({ try CredentialManagementRequest(parameters: input) }) else { return }
            require(request.request.parameters.count <= input.count, "what it reads is canonical")
            _ = request.authenticatedMessage
            _ = attempt { try request.relyingPartyIDHash() }
            _ = attempt { try request.credential() }
            _ = attempt { try request.user() }
        },
        FuzzedDecoder("bio-enrollment-request") { input in
            guard let request = attempt({ try BioEnrollmentRequest(parameters: input) }) else { return }
            let encoded = request.request.parameters
            require(attempt { try BioEnrollmentRequest(parameters: encoded) } == request, "it survives a round trip")
            _ = request.authenticatedMessage
            _ = attempt { try request.templateID() }
            _ = attempt { try request.friendlyName() }
            _ = attempt { try request.timeoutMilliseconds() }
        },
        FuzzedDecoder("large-blobs-request") { input in
            guard let request = attempt({ try LargeBlobsRequest(parameters: input) }) else { return }
            let encoded = request.request.parameters
            require(attempt { try LargeBlobsRequest(parameters: encoded) } == request, "it survives a round trip")
            _ = request.authenticatedMessage
        },
        FuzzedDecoder("config-request") { input in
            guard let request = attempt({ try ConfigRequest(parameters: input) }) else { return }
            let encoded = request.request.parameters
            require(attempt { try ConfigRequest(parameters: encoded) } == request, "it survives a round trip")
            _ = request.authenticatedMessage
            _ = attempt { try request.minimumPINLength() }
        },
        FuzzedDecoder("hmac-secret-input") { input in
            guard let item = attempt({ try CBORDecoder.decode(input) }),
                let read = attempt({ try HMACSecretInput(ctap: item) })
            else { return }
            require(attempt { try HMACSecretInput(ctap: read.ctap) } == read, "it survives a round trip")
            var generator = SeededGenerator(seed: 1)
            let key = certain { try KeyAgreementPrivateKey(using: &generator) }
            let secret = certain { try key.decapsulate(read.keyAgreement, read.pinUVAuthProtocol) }
            require(attempt { try read.salts(secret) } == nil, "nobody guesses a secret's code")
            // The same ciphertext under its right code, so that decryption is reached.
            var valid = read
            valid.saltAuthenticationCode = secret.authenticate(read.saltEncrypted)
            guard let salts = attempt({ try valid.salts(secret) }) else { return }
            let again = certain {
                try HMACSecretInput(
                    salts, keyAgreement: read.keyAgreement, sharedSecret: secret, using: &generator)
            }
            require(attempt { try again.salts(secret) } == salts, "salts survive a round trip")
        },
        FuzzedDecoder("prf-input") { input in
            guard let item = attempt({ try CBORDecoder.decode(input) }),
                let read = attempt({ try PRFInput(ctap: item) })
            else { return }
            require(attempt { try PRFInput(ctap: read.ctap) } == read, "it survives a round trip")
            for (id, values) in read.evalByCredential {
                require(read.salts(credentialID: id) == values, "a credential's own salts come first")
            }
        },
        FuzzedDecoder("prf-output") { input in
            guard let item = attempt({ try CBORDecoder.decode(input) }),
                let read = attempt({ try PRFOutput(ctap: item) })
            else { return }
            require(attempt { try PRFOutput(ctap: read.ctap) } == read, "it survives a round trip")
        },
        FuzzedDecoder("large-blob-extension") { input in
            guard let item = attempt({ try CBORDecoder.decode(input) }) else { return }
            if let support = attempt({ try LargeBlobSupport(ctap: item) }) {
                require(support.ctap == item, "a support has one encoding")
            }
            if let operation = attempt({ try LargeBlobOperation(ctap: item) }) {
                require(operation.ctap == item, "an operation has one encoding")
            }
            if let output = attempt({ try LargeBlobOutput(ctap: item) }) {
                require(output.ctap == item, "an output has one encoding")
            }
        },
        FuzzedDecoder("ctap-message") { input in
            if let request = CTAPRequest(message: input) {
                require(request.message == input && !"\(request.command)".isEmpty, "a request has one encoding")
            }
            if let response = CTAPResponse(message: input) {
                require(response.message == input && !"\(response.status)".isEmpty, "a response has one encoding")
            }
        },
    ]
}
