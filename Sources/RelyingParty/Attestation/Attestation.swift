import CBOR
public import FoundationEssentials
public import WebAuthnModel

/// What an attestation statement format has to judge.
public struct Attestation: Hashable, Sendable {
    /// Format, statement, and the authenticator data as signed.
    public let object: AttestationObject
    /// The authenticator data, read.
    public let data: AuthenticatorData
    /// The credential in the authenticator data.
    public let credential: AttestedCredentialData
    /// SHA-256 of the client data.
    public let clientDataHash: [UInt8]
    /// The time, for statements that are good for a while only.
    public let now: Date
    /// Who verifies signatures of algorithms that this module does not know.
    public let verifiers: SignatureVerifiers

    /// Puts the parts together.
    public init(
        object: AttestationObject, data: AuthenticatorData, credential: AttestedCredentialData,
        clientDataHash: [UInt8], now: Date, verifiers: SignatureVerifiers = .none
    ) {
        self.object = object
        self.data = data
        self.credential = credential
        self.clientDataHash = clientDataHash
        self.now = now
        self.verifiers = verifiers
    }

    /// What attestation signatures are made over: authenticator data ‖ client data hash.
    public var signedBytes: [UInt8] { object.authenticatorData + clientDataHash }

    /// The same with another statement: one of those that a compound one holds.
    func with(format: AttestationFormat, statement: CBORValue) -> Attestation {
        Attestation(
            object: AttestationObject(
                format: format, statement: statement, authenticatorData: object.authenticatorData),
            data: data, credential: credential, clientDataHash: clientDataHash, now: now,
            verifiers: verifiers)
    }
}
