import CTAP

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
            require(attempt { try MakeCredentialResponse(data: encoded) } == response, "it survives a round trip")
        },
        FuzzedDecoder("get-assertion-response") { input in
            guard let response = attempt({ try GetAssertionResponse(data: input) }) else { return }
            let encoded = response.response.data
            let again = attempt { try GetAssertionResponse(data: encoded) }
            require(again?.response.data == encoded, "it survives a round trip")
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
