import Mustache

/// Draws screens with the embedded template.
struct PageRenderer: Sendable {
    private let template: MustacheTemplate
    private let siteName: String
    private let showsManualSteps: Bool
    private let hasMailPage: Bool

    init(siteName: String, showsManualSteps: Bool, hasMailPage: Bool) throws {
        self.hasMailPage = hasMailPage
        PageContentType.register()
        template = try MustacheTemplate(string: String(decoding: PackageResources.page_mustache, as: UTF8.self))
        self.siteName = siteName
        self.showsManualSteps = showsManualSteps
    }

    /// The HTML of a screen for one visit.
    func render(_ screen: Screen, language: Language, formToken: String, path: String) -> String {
        var page: [String: Any] = [
            "language": language.rawValue,
            "siteName": siteName,
            "title": screen.title,
            "steps": screen.steps.joined(separator: " "),
            "stepList": screen.steps.map(PageRenderer.label),
            "paragraphs": screen.paragraphs,
            "hasDetails": !screen.details.isEmpty,
            "details": screen.details.map {
                ["term": $0.term, "description": $0.description, "isCode": $0.isCode] as [String: Any]
            },
            "hasMenu": !screen.menu.isEmpty,
            "menu": screen.menu.map { ["path": $0.menuPath, "label": $0.menuLabel, "hint": $0.menuHint] },
            "sections": screen.sections.map {
                ["title": $0.sectionTitle, "texts": $0.sectionParagraphs] as [String: Any]
            },
            "mails": screen.mails.map(PageRenderer.mail),
            "needsScript": screen.ceremony != nil || screen.signals != nil || screen.offersCeremonies,
            "terms": screen.terms,
            "hasTerms": !screen.terms.isEmpty,
            "hasPasskeys": !screen.passkeys.isEmpty,
            "passkeys": screen.passkeys.map { ["name": $0.passkeyName, "details": $0.passkeyDetails] },
            "hasLinks": !screen.links.isEmpty,
            "links": screen.links.map { ["path": $0.linkPath, "label": $0.linkLabel] },
            "formToken": formToken,
            "offersLogOut": screen.offersLogOut,
            "endsVisit": screen.endsVisit,
            "logOut": Phrase.logOut.text(language),
            "skipLink": Phrase.mainLink.text(language),
            "languagePath": PageRenderer.pathOnThisSite(path),
            "otherLanguage": language.other.rawValue,
            "otherLanguageName": language.other.ownName,
            "forms": screen.forms.enumerated().map { PageRenderer.form($1, index: $0) },
        ]
        if showsManualSteps, !screen.steps.isEmpty { page["stepLabel"] = Phrase.manualSteps.text(language) }
        if let qrCode = screen.qrCode { page["qrCode"] = ["svg": qrCode.qrCodeSVG, "label": qrCode.qrCodeLabel] }
        if let link = screen.appLink { page["appLink"] = ["path": link.linkPath, "label": link.linkLabel] }
        if let signals = screen.signals { page["signals"] = signals }
        if screen.offersCeremonies { page["ceremonies"] = Phrase.downloadCeremonies.text(language) }
        if hasMailPage, screen.offersMailPage { page["mailPage"] = Phrase.mailPageLink.text(language) }
        if let title = screen.passkeysTitle { page["passkeysTitle"] = title }
        if let alert = screen.alert {
            page["alert"] = ["text": alert.alertText, "class": alert.isError ? "alert" : "notice"]
            page["isError"] = alert.isError
        }
        if let panel = screen.ceremony { page["ceremony"] = PageRenderer.panel(panel, language: language) }
        return template.render(page)
    }

    /// A request's path, where a link to it stays on this site; else the start page.
    ///
    /// A browser reads `//host` and `/\host` as another site, and leaves out what it ignores in addresses: tabs, and in hosts U+FE0F,
    /// which to Swift makes the slash before it another `Character`. So the bytes count; browsers send printable ASCII.
    static func pathOnThisSite(_ path: String) -> String {
        let bytes = path.utf8
        let isPlain = bytes.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }
        return isPlain && bytes.first == UInt8(ascii: "/") && !bytes.starts(with: "//".utf8) ? path : "/"
    }

    /// The id of a step as people read it: chapter ★ is called `x` in ids, which are for programs.
    private static func label(ofStep id: String) -> String { id.hasPrefix("x.") ? "★\(id.dropFirst())" : id }

    private static func mail(_ mail: Screen.ShownMail) -> [String: Any] {
        [
            "subject": mail.mailSubject,
            "headers": mail.mailHeaders,
            "pieces": mail.mailText.map { ["piece": $0.piece, "isLink": $0.isLink] as [String: Any] },
        ]
    }

    private static func form(_ form: Screen.Form, index: Int) -> [String: Any] {
        [
            "action": form.formAction,
            "method": form.formMethod,
            "isPost": form.formMethod == "post",
            "hasUserName": form.userName != nil,
            "userName": form.userName ?? "",
            "hidden": form.hidden.map { ["name": $0.hiddenName, "value": $0.hiddenValue] },
            "hasChoices": !form.choices.isEmpty,
            "choices": form.choices.map { choice in
                [
                    "name": choice.choiceName, "value": choice.choiceValue, "label": choice.choiceLabel,
                    "hint": choice.choiceHint, "isChecked": choice.isChecked,
                ] as [String: Any]
            },
            "fields": form.fields.map { field in
                var values: [String: Any] = [
                    "name": field.fieldName, "label": field.fieldLabel, "type": field.fieldType,
                    "value": field.fieldValue, "autocomplete": field.autocomplete, "inputmode": field.inputMode,
                    "maximum": field.maximumLength, "isInvalid": field.isInvalid, "hasHint": field.fieldHint != nil,
                ]
                values["hint"] = field.fieldHint ?? ""
                return values
            },
            "buttons": form.buttons.map { button in
                [
                    "label": button.buttonLabel,
                    "class": (button.isPrimary ? "primary" : "secondary") + (button.isDangerous ? " danger" : ""),
                    "hasName": button.buttonName != nil, "name": button.buttonName ?? "",
                    "value": button.buttonValue ?? "",
                ] as [String: Any]
            },
        ]
    }

    private static func panel(_ panel: Screen.CeremonyPanel, language: Language) -> [String: Any] {
        var values: [String: Any] = [
            "kind": panel.ceremonyKind,
            "hasTitle": panel.ceremonyTitle != nil,
            "offersAutofill": panel.offersAutofill,
            "heading": panel.ceremonyTitle ?? "",
            "starters": panel.ceremonyButtons.map { ["attachment": $0.attachment, "label": $0.ceremonyLabel] },
            "unsupported": Phrase.webAuthnUnsupported.text(language),
            "noScript": Phrase.webAuthnNoScript.text(language),
            "working": Phrase.webAuthnWorking.text(language),
            "cancelled": (panel.ceremonyKind == "registration" ? Phrase.setUpCancelled : .webAuthnCancelled)
                .text(language),
            "failed": Phrase.webAuthnFailed.text(language),
            "offline": Phrase.webAuthnOffline.text(language),
            "registered": Phrase.alreadyRegistered.text(language),
        ]
        if panel.ceremonyKind == "registration" { values["noReader"] = Phrase.setUpNoReader.text(language) }
        if panel.ceremonyKind == "derivation" {
            values["derivation"] = [
                "derived": Phrase.derived.text(language), "derivedAgain": Phrase.derivedAgain.text(language),
                "derivedOther": Phrase.derivedOther.text(language), "notDerived": Phrase.notDerived.text(language),
            ]
        }
        return values
    }
}
