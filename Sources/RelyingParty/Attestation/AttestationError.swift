public import WebAuthnModel

/// Why an attestation was refused (WebAuthn Level 3 §7.1 steps 21–24, §8).
public enum AttestationError: Error, Hashable, Sendable {
    /// No verification procedure for this format.
    case formatUnsupported(AttestationFormat, supported: [AttestationFormat])
    /// A statement of format `none` that is not empty.
    case statementNotEmpty
    /// A requirement of the format that the statement does not meet.
    case defect(AttestationDefect)
    /// A member of the statement is missing, has the wrong type, or is not one of the format's.
    case statementMember(String)
    /// Self attestation with another algorithm than the credential's key has.
    case algorithmMismatch(statement: COSEAlgorithm, key: COSEAlgorithm)
    /// The attestation signature, or the key that should have made it, was refused.
    case signature(SignatureError)
    /// The chain has no certificate, or more than any real one.
    case certificateCount(Int)
    /// A certificate cannot be read; counted from the leaf, which is 0.
    case certificateUnreadable(index: Int)
    /// The leaf's key is of a kind that cannot be verified here.
    case certificateKey
    /// The leaf is not an X.509 version 3 certificate.
    case certificateVersion
    /// The leaf's subject lacks an attribute, repeats it, or has a wrong value in it.
    case certificateSubject(attribute: String, expected: String)
    /// The leaf has no basic constraints, or may sign certificates itself.
    case certificateIsAuthority
    /// The leaf marks the AAGUID extension as critical.
    case certificateAAGUIDCritical
    /// The leaf's AAGUID extension cannot be read.
    case certificateAAGUIDMalformed
    /// The leaf is for another model than the authenticator data names.
    case certificateAAGUID(certificate: AAGUID, authenticatorData: AAGUID)
    /// The policy wants a trusted chain, and this is none; the text says why.
    case untrusted(String)
    /// The metadata say that this model, or this batch of it, must not be relied on.
    case compromised(AuthenticatorModel)
}

extension AttestationError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .formatUnsupported(let format, let supported):
            """
            attestation format "\(format.rawValue)" is not supported, only \
            \(supported.map(\.rawValue).joined(separator: ", ")): ask for attestation "none"
            """
        case .statementNotEmpty: "the statement of attestation format none is not empty"
        case .defect(let defect): "the attestation does not meet WebAuthn Level 3 \(defect.rawValue)"
        case .statementMember(let name):
            "member \(name) of the attestation statement is missing, has the wrong type or does not belong there"
        case .algorithmMismatch(let statement, let key):
            "the self attestation is signed with \(statement), but the credential's key is for \(key)"
        case .signature(let error): "the attestation signature was refused: \(error)"
        case .certificateCount(let count): "the attestation has \(count) certificates, and 1 to 8 are accepted"
        case .certificateUnreadable(let index): "attestation certificate \(index) is not an X.509 certificate in DER"
        case .certificateKey: "the attestation certificate's key is neither EC, Ed25519 nor RSA"
        case .certificateVersion: "the attestation certificate is not of X.509 version 3"
        case .certificateSubject(let attribute, let expected):
            "the attestation certificate's subject must have \(attribute) once, being \(expected)"
        case .certificateIsAuthority:
            "the attestation certificate must have basic constraints that say it is no certificate authority"
        case .certificateAAGUIDCritical: "the attestation certificate marks the AAGUID extension as critical"
        case .certificateAAGUIDMalformed: "the attestation certificate's AAGUID extension is not 16 bytes in a string"
        case .certificateAAGUID(let certificate, let authenticatorData):
            "the attestation certificate is for model \(certificate), the authenticator says \(authenticatorData)"
        case .untrusted(let reason): "the attestation is not trusted: \(reason)"
        case .compromised(let model):
            "the metadata report \(model.status ?? "a compromise") of \(model.description): use another authenticator"
        }
    }
}
