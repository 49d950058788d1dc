/// A step of the login manual that the portal reproduces, by its id `chapter.step`.
struct ManualStep: Hashable, Sendable {
    /// The id, for example `2-1.3`.
    let id: String
    /// What the person does.
    let title: String

    /// The part of the manual that the step belongs to: the id without its last number.
    var chapter: String { String(id.prefix { $0 != "." }) }

    private init(_ id: String, _ title: String) {
        self.id = id
        self.title = title
    }

    /// The step with an id.
    static func named(_ id: String) -> ManualStep {
        all.first { $0.id == id } ?? ManualStep(id, "unknown step")
    }

    /// What the chapters are called.
    static let chapterTitles = [
        "1": "First login", "2-1": "Biometrics on the PC", "2-2": "Biometrics on the phone",
        "x": "Registered on the phone, log in from the PC",
    ]

    /// All steps in the manual's order.
    static let all: [ManualStep] = [
        ManualStep("1.1", "open the portal"),
        ManualStep("1.2", "log in with user ID and initial password"),
        ManualStep("1.3", "enter the date of birth"),
        ManualStep("1.4", "accept the terms of use"),
        ManualStep("1.5", "enter a mail address"),
        ManualStep("1.6", "open the mail and confirm the address"),
        ManualStep("1.7", "go back and refresh"),
        ManualStep("1.8", "choose biometrics"),
        ManualStep("1.9", "set a new password"),
        ManualStep("1.10", "first login complete"),
        ManualStep("1.11", "log out"),
        ManualStep("2-1.1", "log in again with the new password"),
        ManualStep("2-1.2", "start the biometric set-up"),
        ManualStep("2-1.3", "sign in with the PC's biometrics"),
        ManualStep("2-1.4", "verification done: OK"),
        ManualStep("2-1.5", "OK"),
        ManualStep("2-1.6", "name the passkey"),
        ManualStep("2-1.7", "Next"),
        ManualStep("2-1.8", "the top page appears"),
        ManualStep("2-2.1", "log in again"),
        ManualStep("2-2.2", "start the biometric set-up"),
        ManualStep("2-2.3", "sign in with the phone's biometrics"),
        ManualStep("2-2.4", "name the device"),
        ManualStep("2-2.5", "the top page appears"),
        ManualStep("x.1", "log in again on the PC"),
        ManualStep("x.2", "start the biometric authentication"),
        ManualStep("x.3", "choose iPhone, iPad or Android device"),
        ManualStep("x.4", "scan the QR code with the phone"),
        ManualStep("x.5", "the top page appears on the PC"),
    ]
}
