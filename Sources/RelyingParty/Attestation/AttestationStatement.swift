import CBOR
import SwiftASN1
import WebAuthnModel
import X509

/// The members of a statement, with what the formats read alike.
struct AttestationStatement {
    private let map: CBORMap

    /// The most certificates that a chain may have.
    static let maximumCertificateCount = 8

    /// Takes a statement that is a map and has no other members than these.
    init(_ attestation: Attestation, members: Set<String>) throws(AttestationError) {
        guard let map = attestation.object.statement.map else { throw .statementMember("(the whole)") }
        self.map = map
        for entry in map.entries {
            guard let name = entry.key.text else { throw .statementMember("(not a text)") }
            guard members.contains(name) else { throw .statementMember(name) }
        }
    }

    /// Whether the member is there.
    func has(_ name: String) -> Bool { map[.text(name)] != nil }

    /// `alg`.
    func algorithm() throws(AttestationError) -> COSEAlgorithm {
        guard let number = map["alg"]?.integer else { throw .statementMember("alg") }
        return COSEAlgorithm(rawValue: number)
    }

    /// A byte string.
    func bytes(_ name: String) throws(AttestationError) -> [UInt8] {
        guard let bytes = map[.text(name)]?.bytes else { throw .statementMember(name) }
        return bytes
    }

    /// A text.
    func text(_ name: String) throws(AttestationError) -> String {
        guard let text = map[.text(name)]?.text else { throw .statementMember(name) }
        return text
    }

    /// `x5c`, leaf first.
    func certificates() throws(AttestationError) -> (leaf: Certificate, chain: [Certificate]) {
        guard let items = map["x5c"]?.array else { throw .statementMember("x5c") }
        var encoded: [[UInt8]] = []
        for item in items {
            guard let bytes = item.bytes else { throw .statementMember("x5c") }
            encoded.append(bytes)
        }
        return try Self.certificates(encoded)
    }

    /// Reads a chain, leaf first.
    static func certificates(
        _ encoded: [[UInt8]]
    ) throws(AttestationError) -> (leaf: Certificate, chain: [Certificate]) {
        guard encoded.count <= maximumCertificateCount else { throw .certificateCount(encoded.count) }
        var chain: [Certificate] = []
        for (index, bytes) in encoded.enumerated() {
            do {
                chain.append(try Certificate(derEncoded: bytes))
            } catch {
                throw .certificateUnreadable(index: index)
            }
        }
        guard let leaf = chain.first else { throw .certificateCount(0) }
        return (leaf, chain)
    }

    /// Throws unless the leaf's key made the signature.
    static func verify(
        _ signature: [UInt8], over data: [UInt8], with leaf: Certificate, _ algorithm: COSEAlgorithm,
        allowsSHA1: Bool = false
    ) throws(AttestationError) {
        guard let key = leaf.publicKey.coseKey(algorithm: algorithm) else { throw .certificateKey }
        try verify(signature, over: data, with: key, allowsSHA1: allowsSHA1)
    }

    /// Throws unless the key made the signature.
    static func verify(
        _ signature: [UInt8], over data: [UInt8], with key: COSEKey, verifiers: SignatureVerifiers = .none,
        allowsSHA1: Bool = false
    ) throws(AttestationError) {
        do throws(SignatureError) {
            try VerificationKey(key, verifiers: verifiers, allowsSHA1: allowsSHA1).verify(signature, over: data)
        } catch {
            throw .signature(error)
        }
    }
}
