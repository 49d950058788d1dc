/// What a page shows, without how it looks: one template draws all of them.
struct Screen: Sendable {
    /// A message above everything else.
    struct Alert: Sendable {
        let alertText: String
        let isError: Bool
    }

    /// An input field.
    struct Field: Sendable {
        var fieldName: String
        var fieldLabel: String
        var fieldType = "text"
        var fieldValue = ""
        var fieldHint: String?
        var autocomplete = "off"
        var inputMode = "text"
        var maximumLength = 256
        var isInvalid = false
    }

    /// One of several possibilities.
    struct Choice: Sendable {
        let choiceName: String
        let choiceValue: String
        let choiceLabel: String
        let choiceHint: String
        var isChecked = false
    }

    /// A button that sends its form.
    struct Button: Sendable {
        var buttonName: String?
        var buttonValue: String?
        let buttonLabel: String
        var isPrimary = true
        /// Whether pressing it takes something away for good.
        var isDangerous = false
    }

    /// A form; the token against forged requests is added when it is drawn.
    struct Form: Sendable {
        let formAction: String
        var formMethod = "post"
        var hidden: [(hiddenName: String, hiddenValue: String)] = []
        /// Whose password the form changes, for password managers; nobody sees it.
        var userName: String?
        var fields: [Field] = []
        var choices: [Choice] = []
        let buttons: [Button]
    }

    /// A link.
    struct Link: Sendable {
        let linkPath: String
        let linkLabel: String
    }

    /// Buttons that start a WebAuthn ceremony in the browser.
    struct CeremonyPanel: Sendable {
        /// `registration`, `authentication`, or `derivation`: an authentication whose secret is shown.
        let ceremonyKind: String
        /// The `authenticatorAttachment` (of a derivation: the credential ID) and the label of each button.
        let ceremonyButtons: [(attachment: String, ceremonyLabel: String)]
        /// A heading, when the panel is not the page's own purpose.
        var ceremonyTitle: String?
        /// Whether passkeys are also offered among the suggestions for the user ID (conditional mediation).
        var offersAutofill = false
    }

    /// A QR code to be scanned.
    struct QRCodePicture: Sendable {
        /// An SVG element.
        let qrCodeSVG: String
        /// What it is, for those who cannot see it.
        let qrCodeLabel: String
    }

    /// A term and what it says.
    struct Detail: Sendable {
        let term: String
        let description: String
        /// Whether it is to be read letter by letter.
        var isCode = false
    }

    /// An entry of a list of pages.
    struct MenuItem: Sendable {
        let menuPath: String
        let menuLabel: String
        let menuHint: String
    }

    /// A part of a text, under a heading of its own.
    struct Section: Sendable {
        let sectionTitle: String
        let sectionParagraphs: [String]
    }

    /// A mail, on the page that shows them.
    struct ShownMail: Sendable {
        let mailSubject: String
        let mailHeaders: String
        /// The text in pieces: plain, or the address of a link.
        let mailText: [(piece: String, isLink: Bool)]
    }

    /// A passkey of the list on the top page.
    struct PasskeyRow: Sendable {
        let passkeyName: String
        let passkeyDetails: String
    }

    /// The manual's ids of the steps that the page covers.
    var steps: [String] = []
    var title: String
    var alert: Alert?
    var paragraphs: [String] = []
    var qrCode: QRCodePicture?
    /// What opens the authenticator app on the very device.
    var appLink: Link?
    var details: [Detail] = []
    var menu: [MenuItem] = []
    var mails: [ShownMail] = []
    var sections: [Section] = []
    /// A text to read before one decides.
    var terms: [String] = []
    var forms: [Form] = []
    var ceremony: CeremonyPanel?
    var passkeysTitle: String?
    var passkeys: [PasskeyRow] = []
    var links: [Link] = []
    /// JSON of ``Signals`` for the browser.
    var signals: String?
    /// Whether the page that shows mails is linked, where there is one.
    var offersMailPage = false
    /// Whether the ceremonies that the browser remembers can be downloaded.
    var offersCeremonies = false
    /// Whether pages can be left by logging out.
    var offersLogOut = false
    /// Whether a visit has ended, of which the browser's tab keeps nothing private.
    var endsVisit = false

    /// An error message in front of the page.
    func refusing(_ text: String) -> Screen {
        var screen = self
        screen.alert = Alert(alertText: text, isError: true)
        return screen
    }

    /// A good message in front of the page.
    func noting(_ text: String) -> Screen {
        var screen = self
        screen.alert = Alert(alertText: text, isError: false)
        return screen
    }
}
