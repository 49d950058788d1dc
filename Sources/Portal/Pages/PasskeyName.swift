/// A name that a person gives a passkey (steps 2-1.6, 2-2.4).
struct PasskeyName: Sendable {
    /// The name, without white space at its ends.
    let text: String

    /// Takes 1 to 64 characters without control characters; what only turns the direction of writing (Bidi_Control) is left out.
    init?(_ input: String) {
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: input.unicodeScalars.filter { !$0.properties.isBidiControl })
        let name = HalfWidth.trimmed(String(scalars))
        let isPrintable = !name.unicodeScalars.contains { $0.properties.generalCategory == .control }
        guard (1...64).contains(name.count), name.utf8.count <= 400, isPrintable else { return nil }
        text = name
    }
}

extension PasskeyName {
    /// What a browser calls itself in the header User-Agent, and what people call it; the first found counts, as several name others.
    private static let browsers = [
        ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
    ]

    /// The same for systems.
    private static let systems = [
        ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
        ("Macintosh", "Mac"), ("Linux", "Linux"),
    ]

    /// Systems of computers that are no phone's kin: a passkey that they reach by hybrid transport is on a phone.
    private static let systemsApartFromPhones: Set<String> = ["Windows", "Linux"]

    /// A name for a new passkey that tells where it is, and differs from those that are taken.
    ///
    /// - Parameter transports: How its authenticator is reached, as WebAuthn names it.
    static func proposal(
        userAgent: String, transports: [String], taken: [String], _ language: Language
    ) -> String {
        let system = systems.first { userAgent.contains($0.0) }?.1
        let browser = browsers.first { userAgent.contains($0.0) }?.1
        let name: String
        if !transports.contains("internal"), !Set(transports).isDisjoint(with: ["usb", "nfc", "ble", "smart-card"]) {
            name = Phrase.nameSecurityKey.text(language)
        } else if transports.contains("hybrid"), let system, systemsApartFromPhones.contains(system) {
            name = Phrase.namePhone.text(language)
        } else {
            let known = [browser, system].compactMap(\.self)
            name = known.isEmpty ? Phrase.nameDefault.text(language) : known.joined(separator: ", ")
        }
        guard taken.contains(name) else { return name }
        let number = (2...taken.count + 1).first { !taken.contains("\(name) \($0)") } ?? taken.count + 1
        return "\(name) \(number)"
    }
}
