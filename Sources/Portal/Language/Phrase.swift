/// Everything that the portal says.
///
/// ``texts`` is the one table of what each says in each language; a test over all cases sees that none is missing. `%1` and `%2`
/// stand for values.
enum Phrase: String, Codable, Sendable, CaseIterable {
    // Every page.
    case mainLink, backToStart, logOut, manualSteps
    // 1.1, 1.2
    case loginTitle, loginIntro, userID, password, loginButton, passkeyLoginTitle, passkeyLoginButton
    case wrongPassword, tooManyAttempts, noticeLoggedOut, noticeLoginNeeded
    // For those who cannot log in
    case helpTitle, helpDeviceTitle, helpOtherDevice, helpOneTimePassword, helpRemoval, helpEverywhere
    case helpCodeTitle, helpCode, helpPasswordTitle, helpPassword, helpPasswordChange, helpDeskTitle, helpDesk,
        helpReset
    // 1.3
    case birthTitle, birthIntro, birthLabel, birthHint, nextButton, birthMalformed, birthWrong
    // 1.4
    case termsTitle, termsIntro, termsText1, termsText2, termsText3, acceptButton, refuseButton
    case termsRefusedTitle, termsRefused, termsReadAgain, termsUndecided
    // 1.5
    case mailTitle, mailIntro, mailLabel, mailHint, mailButton, mailMalformed, mailNotSent
    // 1.6, 1.7
    case waitTitle, waitIntro, waitEarlier, waitSpam, refreshButton, sendAgainButton, changeAddress, notConfirmedYet
    case confirmTitle, confirmIntro, confirmButton, confirmedTitle, confirmedIntro
    case linkUsedTitle, linkUsed, linkExpiredTitle, linkExpired, linkUnknownTitle, linkUnknown
    case mailSubject, mailText
    // 1.8
    case methodTitle, methodIntro, methodPasskey, methodPasskeyHint, methodMissing
    case methodTOTP, methodTOTPHint, methodMail, methodMailHint, otherMethod
    // 1.9
    case newPasswordTitle, newPasswordIntro, newPassword, newPasswordHint, repeatedPassword
    case passwordTooShort, passwordTooLong, passwordPersonal, passwordTooSimple, passwordsDiffer, passwordIsInitial
    // 1.10, 1.11
    case completeTitle, completeIntro, completeIntroMail, completeNext
    // One-time passwords
    case totpSetUpTitle, totpSetUpIntro, totpQRLabel, totpSecret, totpOpenApp, totpSetUpCodeHint, totpWrongAtSetUp
    case totpLoginTitle, totpLoginIntro, totpCodeHint, totpWrong, codeLabel, noticeAppReady
    case mailCodeTitle, mailCodeIntro, mailCodeHint, mailCodeEarlier, mailCodeNone, mailCodeSend, mailCodeWrong,
        mailCodeVoid
    case mailCodeSubject, mailCodeText
    // Settings
    case settingsTitle, backToSettings, passkeyCount, passwordChange, logOutEverywhere, noticeLoggedOutEverywhere
    case methodTerm, noticeMethodChanged, noticePasswordChanged
    case passwordChangeTitle, passwordChangeIntro, currentPassword, currentPasswordWrong, passwordIsCurrent
    case changeButton, mailChangeTitle, mailChangeIntro, mailChangeLabel, mailChangePending, mailUnchanged
    case confirmedChange, noticeMailSubject, noticeMailText, noticeMailMethod, noticeMailPassword, noticeMailAddress
    case noticeMailAppSetUp, noticeMailAppRemoved, noticeMailPasskeyAdded, noticeMailPasskeyRemoved
    case passkeysIntro, passkeysNone, renameButton, noticeRenamed, removeLink, removalTitle, removalIntro
    case removalEffect, removeButton, cancelLink, backToPasskeys, noticeRemoved, passkeyIsLast
    case removedTitle, removedAndLoggedOut
    case detailRegistered, detailLastUsed, detailBackup, detailFlags, detailTransports, detailPRF
    case derivationTitle, derivationButton, derived, derivedAgain, derivedOther, notDerived
    case detailAttestation, detailTrust, detailModel, detailAAGUID, detailCounter, detailCredentialID
    case trustNone, trustSelf, trustVerified, trustUnverified, trustCompromised
    case backedUp, backupPending, deviceBound, yes, no, unknown
    // For testing
    case downloadCeremonies, mailPageLink, mailPageTitle, mailPageIntro, mailPageEmpty
    // 2-1, 2-2
    case setUpTitle, setUpIntro, setUpReady, setUpBluetooth, setUpHere, setUpElsewhere, skipToTop
    case setUpNoReader, setUpCancelled
    case nameTitle, nameIntro, nameLabel, nameHint, nameDefault, namePhone, nameSecurityKey, nameMissing,
        noticePasskeyAdded
    // ★
    case biometricsTitle, biometricsIntro, biometricsPhone, biometricsButton
    // Proving more before a setting is changed
    case proofAgain
    // Top page
    case topTitle, topWelcome, topPasskeys, topCreated, topLastUsed, topNeverUsed, topAdd, unnamedPasskey
    // What goes wrong with passkeys
    case webAuthnUnsupported, webAuthnNoScript, webAuthnWorking, webAuthnCancelled, webAuthnFailed, webAuthnOffline
    case ceremonyExpired, alreadyRegistered, credentialUnknown, notVerified, loginRequired
    // Errors
    case notFoundTitle, notFound, methodNotAllowedTitle, methodNotAllowed, badRequestTitle, badRequest
    case tooLargeTitle, tooLarge, formExpiredTitle, formExpired, crossOrigin, foreignForm, notJSON,
        malformedJSON
    case internalErrorTitle, internalError, unavailableTitle, unavailable, tooManyAttemptsTitle

    /// The text in a language, with values for `%1` and `%2`.
    func text(_ language: Language, _ values: String...) -> String {
        var text = language == .japanese ? texts.japanese : texts.english
        for (index, value) in values.enumerated() { text = text.replacing("%\(index + 1)", with: value) }
        return text
    }
}
