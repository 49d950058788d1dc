/// What a person is told at each step of the manual, and by what the portal's pages show that it is done.
struct WalkScript: Sendable {
    /// By what a step is known to be done.
    enum Goal: Hashable, Sendable {
        /// The portal shows a page for one of these steps, for each of the lists in turn.
        case pages([[String]])
        /// Only the person can say, or what follows shows it.
        case person
        /// The portal, or else the person, sees that it is refused.
        case refusal(WalkMishaps.Refusal)
    }

    /// A step for a person.
    struct Step: Sendable {
        /// The manual's step.
        var step: ManualStep
        /// What to do, in more words than the manual's title.
        var instruction: BilingualText
        /// By what it is known to be done.
        var goal: Goal
        /// What goes wrong in it on purpose; `nil` for the manual's own step.
        var mishap: WalkMishaps.Mishap?
        /// How far the portal's clock is set ahead for it.
        var passing: Duration?

        /// What is done.
        var title: BilingualText { mishap?.title ?? step.words }
        /// What its picture is called.
        var name: String { mishap?.name ?? step.id }
        /// Whether the person's word is asked for, and not only whether it is done.
        var isQuestion: Bool {
            if case .refusal(let refusal) = goal { refusal.isPersonAsked } else { false }
        }
    }

    /// The ways to authenticate of step 1.8: which chapters follow.
    enum Method: String, Sendable, CaseIterable {
        /// Biometrics.
        case passkey
        /// One-time password by app.
        case app
        /// One-time password by mail.
        case mail

        /// The chapters of the manual for it.
        var chapters: [String] {
            switch self {
            case .passkey: ["1", "2-1", "2-2", "x"]
            case .app: ["1", "b"]
            case .mail: ["1", "c"]
            }
        }
    }

    /// The steps in order, then what goes wrong.
    let steps: [Step]

    /// The manual for an account.
    ///
    /// - Parameters:
    ///   - origin: where the portal is.
    ///   - account: whose first login it is.
    ///   - mail: where the portal's mail is to be read; `nil` when it is sent.
    ///   - method: how the person authenticates.
    ///   - chapters: which chapters of it; all when empty.
    ///   - mishaps: whose mishaps follow; none when `nil`.
    init(
        origin: String, account: FirstLogin.Account, mail: String?, method: Method = .passkey, chapters: [String] = [],
        mishaps: FirstLogin.Account? = nil
    ) {
        let first = WalkScript.firstLogin(origin: origin, account: account, mail: mail, method: method)
        let rest =
            switch method {
            case .passkey:
                WalkScript.biometricsOnPC(account) + WalkScript.biometricsOnPhone(account)
                    + WalkScript.loginByPhone(account)
            case .app: WalkScript.codesOfApp(account)
            case .mail: WalkScript.codesByMail(account, mail: mail)
            }
        steps =
            (first + rest).filter { chapters.isEmpty || chapters.contains($0.step.chapter) }
            + (mishaps.map { WalkMishaps(origin: origin, account: $0, mail: mail, method: method).steps } ?? [])
    }

    private static func step(
        _ id: String, _ goal: Goal, _ japanese: String, _ english: String
    ) -> Step {
        Step(step: .named(id), instruction: BilingualText(japanese, english), goal: goal)
    }

    /// Where mail is to be read, in brackets; nothing where it comes to the person's own mailbox.
    static func place(of mail: String?) -> BilingualText {
        BilingualText(mail.map { "（\($0)）" } ?? "", mail.map { " (\($0))" } ?? "")
    }

    private static func page(_ ids: String...) -> Goal { .pages([ids]) }

    private static func firstLogin(
        origin: String, account: FirstLogin.Account, mail: String?, method: Method
    ) -> [Step] {
        let place = place(of: mail)
        return [
            step(
                "1.1", page("1.1"), "ブラウザで \(origin)/ を開いてください。", "Open \(origin)/ in your browser."),
            step(
                "1.2", page("1.3"),
                "ユーザID「\(account.userID)」とパスワード「\(account.initialPassword)」でログインしてください。",
                "Log in with the user ID \(account.userID) and the password \(account.initialPassword)."),
            step(
                "1.3", page("1.4"), "生年月日 \(account.dateOfBirth) を入力してください。",
                "Enter the date of birth, \(account.dateOfBirth)."),
            step("1.4", page("1.5"), "利用規約を読み、同意してください。", "Read the terms of use and accept them."),
            step(
                "1.5", page("1.7"),
                mail == nil
                    ? "ご自分のメールアドレスを入力してください。" : "メールアドレス（例：\(account.mailAddress)）を入力してください。",
                mail == nil
                    ? "Enter your own mail address." : "Enter a mail address, for example \(account.mailAddress)."),
            step(
                "1.6", .person, "届いたメール\(place[.japanese])のリンクを開き、確認してください。",
                "Open the link in the mail that has arrived\(place[.english]), and confirm."),
            step("1.7", page("1.8"), "元の画面に戻り、更新してください。", "Go back to the first page and refresh it."),
            choice(of: method),
            step(
                "1.9", page("1.10"), "新しいパスワードを設定し、覚えておいてください。",
                "Set a new password, and remember it."),
            step("1.10", page("1.10"), "初回ログインの完了を確かめてください。", "See that the first login is complete."),
            step("1.11", page("1.1"), "ログアウトしてください。", "Log out."),
        ]
    }

    private static func biometricsOnPC(_ account: FirstLogin.Account) -> [Step] {
        [
            step(
                "2-1.1", page("2-1.2"), "ユーザID「\(account.userID)」と新しいパスワードでログインしてください。",
                "Log in with the user ID \(account.userID) and the new password."),
            step("2-1.2", .person, "生体認証の設定を始めてください。", "Start the biometric set-up."),
            step(
                "2-1.3", .person, "このパソコンの生体認証（顔・指紋）でサインインしてください。ほかの方法は選ばないでください。",
                "Sign in with the biometrics of this PC (face, fingerprint); choose no other method."),
            step("2-1.4", .person, "認証が終わったら「OK」を押してください。", "When the verification is done, press OK."),
            step("2-1.5", page("2-1.6"), "もう一度「OK」を押してください。", "Press OK again, if you are asked to."),
            step("2-1.6", .person, "パスキーに、端末を識別できる名前を付けてください。", "Name the passkey after the device."),
            step("2-1.7", page("2-1.8"), "「次へ」を押してください。", "Press Next."),
            step("2-1.8", page("2-1.8"), "トップ画面を確かめてください。", "See that the top page appears."),
        ]
    }

    private static func biometricsOnPhone(_ account: FirstLogin.Account) -> [Step] {
        [
            step(
                "2-2.1", .pages([["1.1"], ["2-2.5", "2-2.2"]]),
                "ログアウトし、もう一度「\(account.userID)」でログインしてください（設定済みの生体認証も使います）。",
                "Log out and log in again as \(account.userID), with the biometrics that are set up."),
            step(
                "2-2.2", page("2-2.2"), "「別の端末を追加する」から、生体認証の設定を始めてください。",
                "Choose to add another device, and start the set-up."),
            step(
                "2-2.3", page("2-2.4"), "スマートフォンで二次元コードを読み取り、スマートフォンの生体認証でサインインしてください。",
                "Scan the QR code with the phone, and sign in with the phone's biometrics."),
            step("2-2.4", page("2-2.5"), "端末に名前を付け、「次へ」を押してください。", "Name the device, and press Next."),
            step("2-2.5", page("2-2.5"), "トップ画面を確かめてください。", "See that the top page appears."),
        ]
    }

    private static func loginByPhone(_ account: FirstLogin.Account) -> [Step] {
        [
            step(
                "x.1", .pages([["1.1"], ["x.2"]]), "ログアウトし、「\(account.userID)」のパスワードでログインしてください。",
                "Log out, and log in as \(account.userID) with the password."),
            step("x.2", .person, "生体認証を始めてください。", "Start the biometric authentication."),
            step(
                "x.3", .person, "「iPhone、iPad、またはAndroidデバイス」を選び、「次へ」を押してください。",
                "Choose “iPhone, iPad or Android device”, and press Next."),
            step(
                "x.4", page("x.5"), "パソコンの二次元コードをスマートフォンのカメラで読み取ってください。",
                "Scan the QR code on the PC's screen with the phone's camera."),
            step("x.5", page("x.5"), "パソコンのトップ画面を確かめてください。", "See that the top page appears on the PC."),
        ]
    }

    private static func choice(of method: Method) -> Step {
        switch method {
        case .passkey:
            step("1.8", page("1.9"), "認証方法として「生体認証」を選んでください。", "Choose biometrics as the way to authenticate.")
        case .app:
            step(
                "1.8", page("1.9"), "認証方法として「ワンタイムパスワード（アプリ）」を選んでください。",
                "Choose the one-time password by app.")
        case .mail:
            step(
                "1.8", page("1.9"), "認証方法として「ワンタイムパスワード（メール）」を選んでください。",
                "Choose the one-time password by mail.")
        }
    }

    private static func codesOfApp(_ account: FirstLogin.Account) -> [Step] {
        [
            step(
                "b.1", page("b.1"), "もう一度「\(account.userID)」でログインし、二次元コードを認証アプリに登録してください。",
                "Log in again as \(account.userID), and add the QR code to your authenticator app."),
            step("b.2", page("2-1.8"), "アプリに表示された6桁の数字を入力してください。", "Enter the six digits that the app shows."),
            step(
                "b.3", .pages([["1.1"], ["b.3"], ["2-1.8"]]),
                "ログアウトし、パスワードとアプリの数字でログインしてください（新しい数字を待ちます）。",
                "Log out, and log in with the password and a new code of the app."),
            step("b.4", page("2-1.8"), "トップ画面を確かめてください。", "See that the top page appears."),
        ]
    }

    private static func codesByMail(_ account: FirstLogin.Account, mail: String?) -> [Step] {
        let place = place(of: mail)
        return [
            step(
                "c.1", .pages([["c.1"], ["2-1.8"]]),
                "もう一度「\(account.userID)」でログインし、届いたメール\(place[.japanese])の6桁の数字を入力してください。",
                "Log in again as \(account.userID), and enter the six digits of the mail\(place[.english])."),
            step("c.2", page("2-1.8"), "トップ画面を確かめてください。", "See that the top page appears."),
        ]
    }
}
