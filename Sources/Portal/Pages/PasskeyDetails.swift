import RelyingParty
import WebAuthnModel

/// What is known about a passkey, in words.
enum PasskeyDetails {
    /// One line each.
    static func of(
        _ passkey: Passkey, _ attestation: PasskeyAttestation, _ language: Language
    ) -> [Screen.Detail] {
        let record = passkey.record
        let yes = Phrase.yes.text(language)
        let no = Phrase.no.text(language)
        let transports = record.transports.map(\.rawValue).joined(separator: ", ")
        let backup: Phrase =
            record.backupEligible ? (record.backupState ? .backedUp : .backupPending) : .deviceBound
        let prf = passkey.supportsPRF.map { $0 ? yes : no } ?? Phrase.unknown.text(language)
        let lines: [(Phrase, String, Bool)] = [
            (.detailRegistered, PasskeyPages.day(passkey.createdAt), false),
            (
                .detailLastUsed, passkey.lastUsedAt.map { PasskeyPages.day($0) } ?? Phrase.topNeverUsed.text(language),
                false
            ),
            (.detailBackup, backup.text(language), false),
            (.detailFlags, "BE \(record.backupEligible ? 1 : 0), BS \(record.backupState ? 1 : 0)", true),
            (.detailTransports, transports.isEmpty ? Phrase.unknown.text(language) : transports, true),
            (.detailPRF, prf, false),
            (.detailAttestation, passkey.attestationFormat, true),
            (.detailTrust, attestation.trust.text(language), false),
            (.detailModel, attestation.model ?? Phrase.unknown.text(language), false),
            (.detailAAGUID, AAGUID(record.aaguid.bytes)?.description ?? "", true),
            (.detailCounter, String(record.signatureCounter), true),
            (.detailCredentialID, Base64URL.encode(passkey.credentialID), true),
        ]
        return lines.map { Screen.Detail(term: $0.0.text(language), description: $0.1, isCode: $0.2) }
    }
}
