/// A requirement of an attestation statement format that a statement does not meet, by the clause of WebAuthn Level 3.
///
/// What formats share (members, certificates, signatures) has cases of its own in ``AttestationError``.
public enum AttestationDefect: String, Hashable, Sendable, CaseIterable {
    // §8.3 TPM
    case tpmVersion = "§8.3: ver is not \"2.0\""
    case tpmPublicAreaMalformed = "§8.3: pubArea is not a TPMT_PUBLIC structure of an RSA or elliptic curve key"
    case tpmPublicAreaKey = "§8.3: pubArea describes another key than the credential's"
    case tpmCertificationMalformed = "§8.3: certInfo is not a TPMS_ATTEST structure that certifies a key"
    case tpmMagic = "§8.3: certInfo.magic is not TPM_GENERATED_VALUE"
    case tpmType = "§8.3: certInfo.type is not TPM_ST_ATTEST_CERTIFY"
    case tpmExtraData = "§8.3: certInfo.extraData is not the hash of authenticator data and client data hash"
    case tpmName = "§8.3: certInfo.attested.name is not the Name of pubArea"
    case tpmCertificateSubject = "§8.3.1: the certificate's subject is not empty"
    case tpmCertificateAlternativeName =
        "§8.3.1: the certificate's alternative name lacks the TPM's manufacturer, model or version"
    case tpmCertificateUsage = "§8.3.1: the certificate's extended key usage lacks tcg-kp-AIKCertificate"
    // §8.4 Android key
    case androidKeyMismatch = "§8.4: the certificate is for another key than the credential's"
    case androidKeyDescription = "§8.4.1: the certificate has no key description, or one that cannot be read"
    case androidKeyChallenge = "§8.4: attestationChallenge is not the client data hash"
    case androidKeyAllApplications = "§8.4: the key may be used for all applications (allApplications)"
    case androidKeyOrigin = "§8.4: the key was not generated in the key store (origin)"
    case androidKeyPurpose = "§8.4: the key is not for signing alone (purpose)"
    // §8.5 Android SafetyNet
    case safetyNetVersion = "§8.5: ver is empty"
    case safetyNetResponse = "§8.5: the response is not a JWS that this module reads"
    case safetyNetSignature = "§8.5: the response's signature does not verify with its certificate"
    case safetyNetNonce = "§8.5: the nonce is not the hash of authenticator data and client data hash"
    case safetyNetHost = "§8.5: the response's certificate is not for attest.android.com"
    case safetyNetIntegrity = "§8.5: the device failed the integrity check (basicIntegrity, ctsProfileMatch)"
    case safetyNetTime = "§8.5: the response was not made within the last minute"
    // §8.6 FIDO U2F
    case u2fCertificateCount = "§8.6 step 2: x5c does not have exactly one certificate"
    case u2fCertificateKey = "§8.6 step 2: the certificate's key is not on the curve P-256"
    case u2fCredentialKey = "§8.6 step 4: the credential's key is not an ES256 key on P-256"
    // §8.8 Apple
    case appleNonceExtension = "§8.8 step 4: the certificate has no nonce, or one that cannot be read"
    case appleNonce = "§8.8 step 4: the nonce is not the hash of authenticator data and client data hash"
    case appleKey = "§8.8 step 5: the certificate is for another key than the credential's"
    // §8.9 Compound
    case compoundCount = "§8.9: a compound statement has two to eight statements"
    case compoundMember = "§8.9: a statement of a compound one is not {\"fmt\", \"attStmt\"}"
    case compoundNested = "§8.9: a compound statement holds a compound statement"
}
