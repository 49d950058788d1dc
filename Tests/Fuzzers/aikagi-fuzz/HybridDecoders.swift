import BluetoothLE
import CBOR
import Crypto
import HybridProtocol

/// The values that one side of a hybrid transaction reads at once.
extension FuzzedDecoder {
    private static let eidKey = HybridKeyDerivation.eidKey(secret: [UInt8](repeating: 7, count: 16))
    private static let identityKey = certain {
        try P256.KeyAgreement.PrivateKey(rawRepresentation: [UInt8](repeating: 0x11, count: 32))
    }

    static let hybridDecoders = [
        FuzzedDecoder("hybrid-digits") { input in
            require(attempt { try HybridDigits.decode(HybridDigits.encode(input)) } == input, "bytes survive")
            let text = String(decoding: input, as: UTF8.self)
            guard let bytes = attempt({ try HybridDigits.decode(text) }) else { return }
            require(Array(HybridDigits.encode(bytes).utf8) == input, "bytes have one spelling")
        },
        FuzzedDecoder("hybrid-qr-url") { input in checkQRCode(String(decoding: input, as: UTF8.self)) },
        FuzzedDecoder("hybrid-qr-content") { input in checkQRCode("FIDO:/" + HybridDigits.encode(input)) },
        FuzzedDecoder("hybrid-advertisement") { input in
            _ = HybridAdvertisement.open(serviceData: input, eidKey: eidKey)
            guard let eid = HybridEID(bytes: Array(input.prefix(HybridEID.byteCount))) else { return }
            let sealed = certain { try HybridAdvertisement.seal(eid: eid, eidKey: eidKey) }
            let suffix = Array(input.dropFirst(HybridEID.byteCount))
            let opened = HybridAdvertisement.open(serviceData: sealed + suffix, eidKey: eidKey)
            require(opened?.eid == eid, "what is sealed can be opened, whatever follows")
            require(opened?.suffix == AdvertisementSuffix(decoding: suffix), "what follows is the suffix")
            require(!eid.domain.name.isEmpty, "a domain has a name")
        },
        FuzzedDecoder("hybrid-advertisement-suffix") { input in
            let suffix = AdvertisementSuffix(decoding: input)
            require(AdvertisementSuffix(decoding: suffix.encoded()) == suffix, "it survives a round trip")
        },
        FuzzedDecoder("advertising-data") { input in
            let lenient = HybridServiceData.serviceData(in: input)
            guard let found = attempt({ try AdvertisingData.serviceData(in: input) }) else { return }
            let services = [HybridServiceData.serviceUUID, HybridServiceData.legacyServiceUUID]
            let ours = found.filter { services.contains($0.serviceUUID) }.map(\.serviceData)
            require(ours == lenient, "both readers find the same service data")
            for advertisement in found {
                let encoded = certain { try AdvertisingData.encode(advertisement) }
                require(attempt { try AdvertisingData.serviceData(in: encoded) } == [advertisement], "it survives")
            }
        },
        FuzzedDecoder("hybrid-message") { input in
            guard let message = attempt({ try HybridMessage(decoding: input) }) else { return }
            require(message.encoded() == input, "a message has one encoding")
            _ = attempt { try message.linkingInformation() }
        },
        FuzzedDecoder("hybrid-post-handshake") { input in
            guard let message = attempt({ try PostHandshakeMessage(decoding: input) }) else { return }
            let again = attempt { try PostHandshakeMessage(decoding: message.encoded()) }
            require(again?.encoded() == message.encoded(), "it survives a round trip")
        },
        FuzzedDecoder("hybrid-linking") { input in
            guard let map = attempt({ try CBORDecoder.decode(input) })?.map,
                let linking = attempt({ try LinkingInformation(map) })
            else { return }
            let again = attempt { try LinkingInformation(linking.encoded()) }
            require(again?.encoded() == linking.encoded(), "it survives a round trip")
            require(
                !linking.isSigned(for: identityKey, handshakeHash: [UInt8](repeating: 3, count: 32)),
                "nobody can sign without the key")
            let update = HybridMessage.linkingUpdate(linking)
            require(attempt { try update.linkingInformation() } == linking, "an update carries it")
        },
        FuzzedDecoder("hybrid-client-payload") { input in
            if let payload = ClientPayload(decoding: input) {
                require(ClientPayload(decoding: payload.encoded()) == payload, "it survives a round trip")
                require(ClientPayload(headerValue: payload.headerValue) == payload, "it survives the header")
            }
            _ = ClientPayload(headerValue: String(decoding: input, as: UTF8.self))
        },
        FuzzedDecoder("tunnel-path") { input in
            guard let path = TunnelPath(path: String(decoding: input, as: UTF8.self)) else { return }
            require(TunnelPath(path: path.path) == path, "it survives a round trip")
            if case .contact = path { require(Array(path.path.utf8) == input, "a contact has one spelling") }
        },
    ]

    private static func checkQRCode(_ url: String) {
        guard let code = attempt({ try HybridQRCode(url: url) }) else { return }
        require(!code.dataTransferChannels.isEmpty, "there is always a channel")
        let again = attempt { try HybridQRCode(url: code.url) }
        require(again?.url == code.url, "it survives a round trip")
    }
}
