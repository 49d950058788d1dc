import Crypto
import FoundationEssentials
import SwiftASN1
import WebAuthnModel
import X509

/// A JSON Web Signature in compact serialization whose key comes in certificates (RFC 7515 §3.1, §4.1.6).
struct CompactJWS {
    /// The members of the header that are looked at.
    private struct Header: Decodable {
        var alg: String
        var x5c: [String]
        var crit: [String]?
    }

    /// The signed bytes.
    let payload: [UInt8]
    /// The certificates, leaf first.
    let chain: [Certificate]
    private let algorithm: String
    private let signingInput: [UInt8]
    private let signature: [UInt8]

    /// The most certificates that a header may have.
    private static let maximumCertificateCount = 8

    /// Takes the three parts apart; nothing is verified.
    init(_ bytes: some Sequence<UInt8>) throws(JWSError) {
        let bytes = Array(bytes)
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let first = parts.first, let last = parts.last,
            let header = Base64URL.decode(String(decoding: first, as: UTF8.self)),
            let payload = Base64URL.decode(String(decoding: parts[1], as: UTF8.self)),
            let signature = Base64URL.decode(String(decoding: last, as: UTF8.self))
        else { throw .form }
        let members: Header
        do {
            members = try JSONDecoder().decode(Header.self, from: Data(header))
        } catch {
            throw .header
        }
        // An extension of the header that must be understood is none that this module understands.
        guard members.crit == nil else { throw .header }
        guard 1...Self.maximumCertificateCount ~= members.x5c.count else { throw .certificates }
        var chain: [Certificate] = []
        for text in members.x5c {
            guard let der = Data(base64Encoded: text) else { throw .certificates }
            do {
                chain.append(try Certificate(derEncoded: Array(der)))
            } catch {
                throw .certificates
            }
        }
        self.payload = payload
        self.chain = chain
        self.signature = signature
        algorithm = members.alg
        signingInput = Array(bytes.dropLast(last.count + 1))
    }

    /// Throws unless the first certificate's key made the signature.
    func verify() throws(JWSError) {
        guard let key = chain.first?.publicKey else { throw .certificates }
        let signature: [UInt8]
        let coseAlgorithm: COSEAlgorithm
        do {
            // JOSE has r ‖ s where COSE's users have DER.
            switch algorithm {
            case "ES256":
                coseAlgorithm = .es256
                signature = try Array(
                    P256.Signing.ECDSASignature(rawRepresentation: self.signature).derRepresentation)
            case "ES384":
                coseAlgorithm = .es384
                signature = try Array(
                    P384.Signing.ECDSASignature(rawRepresentation: self.signature).derRepresentation)
            case "ES512":
                coseAlgorithm = .es512
                signature = try Array(
                    P521.Signing.ECDSASignature(rawRepresentation: self.signature).derRepresentation)
            case "RS256": (coseAlgorithm, signature) = (.rs256, self.signature)
            case "PS256": (coseAlgorithm, signature) = (.ps256, self.signature)
            case "EdDSA": (coseAlgorithm, signature) = (.edDSA, self.signature)
            default: throw JWSError.algorithm(algorithm)
            }
        } catch let error as JWSError {
            throw error
        } catch {
            throw .signature
        }
        guard let coseKey = key.coseKey(algorithm: coseAlgorithm) else { throw .algorithm(algorithm) }
        do throws(SignatureError) {
            try VerificationKey(coseKey).verify(signature, over: signingInput)
        } catch {
            throw .signature
        }
    }
}

/// Why a JSON Web Signature was refused.
public enum JWSError: Error, Hashable, Sendable {
    /// Not three parts in base64url.
    case form
    /// The header is not JSON, lacks `alg` or `x5c`, or has extensions that must be understood.
    case header
    /// No certificates, too many, or one that cannot be read.
    case certificates
    /// An algorithm that is not verified here.
    case algorithm(String)
    /// The signature does not verify with the first certificate's key.
    case signature
}

extension JWSError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .form: "the signed text is not header.payload.signature in base64url"
        case .header: "the signed text's header is not JSON with alg and x5c, or has extensions that are not understood"
        case .certificates: "the signed text's header does not have one to eight readable certificates (x5c)"
        case .algorithm(let name): "the signed text's algorithm \(name) is not supported, or not its certificate's"
        case .signature: "the signed text's signature does not verify with its certificate: it was changed"
        }
    }
}
