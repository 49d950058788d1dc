import Portal

/// The ways that the manual goes wrong, for a person: what to do, and by what is seen that it was refused.
///
/// They have an account of their own, so that the walk's is not in the way, and build on each other: each one says how to get to it.
struct WalkMishaps {
    /// Something that goes wrong on purpose.
    struct Mishap: Hashable, Sendable {
        /// What its picture is called.
        var name: String
        /// What is done.
        var title: BilingualText
    }

    /// What the portal's refusal looks like.
    struct Refusal: Hashable, Sendable {
        /// How the path of the request begins; none where nothing arrives at the portal.
        var path: String?
        /// The HTTP status; `nil` for any.
        var status: Int?
        /// Whether the person can say so as well, where the browser alone may refuse.
        var isPersonAsked = false

        /// Whether the portal has refused just this.
        func matches(_ page: PageView) -> Bool {
            guard let path, page.isRefusal else { return false }
            return page.path.hasPrefix(path) && (status ?? page.status) == page.status
        }
    }

    /// The mishaps of a way to authenticate, in the order in which they can be brought about.
    let steps: [WalkScript.Step]

    /// The mishaps for an account at the start of the manual.
    ///
    /// - Parameters:
    ///   - origin: where the portal is.
    ///   - account: whose they are.
    ///   - mail: where the portal's mail is to be read; `nil` when it is sent.
    ///   - method: how the person authenticates.
    init(origin: String, account: FirstLogin.Account, mail: String?, method: WalkScript.Method) {
        steps =
            WalkMishaps.firstLogin(origin, account, mail) + WalkMishaps.steps(of: method, account, mail) + [
                WalkMishaps.step(
                    "password-locks", at: "1.2", Refusal(path: "/login", status: 429),
                    ("パスワードを何度も間違える", "Too many wrong passwords"),
                    "ログアウトし、「\(account.userID)」で間違ったパスワードを、待つように求められるまで繰り返し（6回）入力してください。",
                    "Log out, and enter wrong passwords for \(account.userID) until you are asked to wait (six of them)."
                )
            ]
    }

    private static func step(
        _ name: String, at step: String, _ refusal: Refusal, after passing: Duration? = nil,
        _ title: (ja: String, en: String), _ japanese: String, _ english: String
    ) -> WalkScript.Step {
        WalkScript.Step(
            step: .named(step), instruction: BilingualText(japanese, english), goal: .refusal(refusal),
            mishap: Mishap(name: name, title: BilingualText(title.ja, title.en)), passing: passing)
    }

    /// Something that no portal sees.
    private static let seenByPerson = Refusal(path: nil, isPersonAsked: true)

    private static func firstLogin(
        _ origin: String, _ account: FirstLogin.Account, _ mail: String?
    ) -> [WalkScript.Step] {
        let place = WalkScript.place(of: mail)
        return [
            step(
                "wrong-password", at: "1.2", Refusal(path: "/login"), ("パスワードを間違える", "A wrong password"),
                "ブラウザで \(origin)/ を開き（ログイン中ならログアウトし）、ユーザID「\(account.userID)」と、わざと間違えたパスワードでログインしてください。",
                "Open \(origin)/ in your browser (log out, if need be), and log in with the user ID \(account.userID) and a wrong password."
            ),
            step(
                "wrong-birth-date", at: "1.3", Refusal(path: "/first-login/date-of-birth"),
                ("生年月日を間違える", "A wrong date of birth"),
                "正しいパスワード「\(account.initialPassword)」でログインし、生年月日を 1980-01-24 としてください。",
                "Log in with the right password, \(account.initialPassword), and enter 1980-01-24 as the date of birth."
            ),
            step(
                "terms-refused", at: "1.4", Refusal(path: "/first-login/terms"),
                ("利用規約に同意しない", "The terms are refused"),
                "正しい生年月日 \(account.dateOfBirth) を入力し、利用規約に同意しないでください。",
                "Enter the right date of birth, \(account.dateOfBirth), and refuse the terms of use."),
            step(
                "mail-malformed", at: "1.5", Refusal(path: "/first-login/mail-address", isPersonAsked: true),
                ("メールアドレスの形が正しくない", "A malformed mail address"),
                "規約に戻って同意し、メールアドレスを「hanako」とだけ入力してください。ブラウザまたはポータルが知らせましたか。",
                "Go back, accept the terms, and enter just hanako as the mail address. Did the browser or the portal complain?"
            ),
            step(
                "mail-unconfirmed", at: "1.7", Refusal(path: "/first-login/mail-confirmation"),
                ("メールを確認せずに更新する", "Refreshed before the mail is confirmed"),
                mail == nil
                    ? "ご自分のメールアドレスを入力し、メールを開かずに画面を更新してください。"
                    : "メールアドレス（例：\(account.mailAddress)）を入力し、メールを開かずに画面を更新してください。",
                mail == nil
                    ? "Enter your own mail address, and refresh the page without opening the mail."
                    : "Enter a mail address, for example \(account.mailAddress), and refresh the page without opening the mail."
            ),
            step(
                "mail-link-expired", at: "1.6", Refusal(path: "/mail-confirmation/", status: 410),
                after: .seconds(25 * 3600),
                ("確認用リンクの期限が切れる", "The link of the mail has expired"),
                "届いたメール\(place[.japanese])のリンクを開いてください。",
                "Open the link in the mail that has arrived\(place[.english])."),
            step(
                "mail-link-reused", at: "1.6", Refusal(path: "/mail-confirmation/", status: 410),
                ("確認用リンクをもう一度使う", "The link of the mail is used again"),
                "最初の画面に戻り（ログアウトしていればもう一度ログイン）、メールを再送してください。新しいリンク\(place[.japanese])を開いて確認し、同じリンクをもう一度開いてください。",
                "Go back to the first page (log in again if you are logged out) and have the mail sent again. Open the new link"
                    + "\(place[.english]), confirm, and open the same link once more."),
            step(
                "password-refused", at: "1.9", Refusal(path: "/first-login/password", isPersonAsked: true),
                ("新しいパスワードが短すぎる", "A new password that is too short"),
                "最初の画面を更新し、認証方法を選んで、新しいパスワードを「abc」としてください。ブラウザまたはポータルが知らせましたか。",
                "Refresh the first page, choose how to authenticate, and enter abc as the new password. "
                    + "Did the browser or the portal complain?"),
        ]
    }

    private static func steps(
        of method: WalkScript.Method, _ account: FirstLogin.Account, _ mail: String?
    ) -> [WalkScript.Step] {
        switch method {
        case .passkey: biometrics(account) + removals(account)
        case .app: codesOfApp(account)
        case .mail: codesByMail(account, mail)
        }
    }

    private static func biometrics(_ account: FirstLogin.Account) -> [WalkScript.Step] {
        [
            step(
                "biometrics-cancelled", at: "2-1.3", seenByPerson, ("生体認証を取り消す", "The biometrics are cancelled"),
                "新しいパスワードを設定して覚え、ログアウトし、もう一度ログインしてください。生体認証の設定を始め、ブラウザの画面で取り消してください。完了しなかったと表示されましたか。",
                "Set a new password and remember it, log out, and log in again. Start the biometric set-up, and cancel it in the "
                    + "browser's dialog. Does the page say that it was not completed?"),
            step(
                "finger-refused", at: "2-1.3", seenByPerson, ("登録していない指を当てる", "A finger that the PC does not know"),
                "もう一度設定を始め、登録していない指（または顔）で、拒否されるまで試してください。拒否されたと表示されましたか。",
                "Start it again, with a finger or a face that this PC does not know, until it is refused. Does the screen say so?"
            ),
            step(
                "already-registered", at: "2-1.3", seenByPerson,
                ("同じ端末をもう一度登録する", "The same device is registered again"),
                "このパソコンの生体認証を設定し、名前を付けてください。次に「別の端末を追加する」から、同じ生体認証をもう一度設定してください。登録済みと表示されましたか。",
                "Set up the biometrics of this PC, and name them. Then choose to add another device, and set up the same biometrics "
                    + "again. Does the screen say that they are registered already?"),
            step(
                "phone-declines", at: "x.4", seenByPerson, ("スマートフォンで断る", "The phone's user declines"),
                "スマートフォンを別の端末として追加し、ログアウトし、パスワードでログインしてください。生体認証を始め、二次元コードを読み取って、スマートフォンで断ってください。完了しなかったと表示されましたか。",
                "Add the phone as another device, log out, and log in with the password. Start the biometric authentication, scan "
                    + "the QR code, and decline on the phone. Does the page say that it was not completed?"),
            step(
                "out-of-range", at: "x.4", seenByPerson, ("スマートフォンが遠すぎる", "The phone is out of range"),
                "もう一度始め、二次元コードの写真を撮って、離れた部屋からスマートフォンで読み取ってください。先へ進まないことが画面でわかりますか。",
                "Start again. Take a photo of the QR code, walk away with the phone, and scan the photo from another room. Does the "
                    + "screen show that it does not go on?"),
            step(
                "bluetooth-off", at: "x.4", seenByPerson, ("Bluetoothがオフ", "Bluetooth is off"),
                "パソコン（またはスマートフォン）のBluetoothをオフにし、もう一度始めてください。オンにするよう求められましたか。",
                "Switch Bluetooth off on the PC (or the phone), and start again. Are you asked to switch it on?"),
            step(
                "code-expired", at: "x.4", Refusal(path: "/webauthn/authentication/verification", isPersonAsked: true),
                ("二次元コードの期限が切れる", "The QR code has expired"),
                "Bluetoothをオンに戻し、もう一度始めて、二次元コードを10分ほど表示したままにしてください。そのあとで読み取るとどうなりますか。期限切れとわかりますか。",
                "Switch Bluetooth on and start again. Leave the QR code on the screen for ten minutes or so, and scan it then. Does "
                    + "the screen show that its time is up?"),
        ]
    }

    private static func removals(_ account: FirstLogin.Account) -> [WalkScript.Step] {
        [
            step(
                "last-passkey", at: "x.5", Refusal(path: "/settings/passkeys/"),
                ("最後のパスキーを削除する", "The last passkey is to be removed"),
                "パスワードと生体認証でログインし、「設定」でスマートフォンのパスキーを削除してください。次にパソコンのパスキーも削除しようとしてください。",
                "Log in with password and biometrics, and remove the phone's passkey in the settings. Then try to remove the PC's, too."
            ),
            step(
                "removed-at-portal", at: "x.4", Refusal(path: "/webauthn/authentication/verification"),
                ("パスキーをポータルだけから削除", "The passkey is removed at the portal only"),
                "ログアウトし、ログイン画面の「パスキーでログイン」から、スマートフォンで（削除したパスキーで）ログインしてください。",
                "Log out. On the login page choose to log in with a passkey, and answer with the phone, whose passkey you removed."
            ),
            step(
                "removed-on-device", at: "x.2", seenByPerson,
                ("パスキーを端末だけから削除", "The passkey is removed on the device only"),
                "パソコンのパスキーを、ポータルではなくパソコンの設定から削除してください。パスワードでログインし、生体認証を始めてください。使えないと表示されましたか。",
                "Remove the PC's passkey in the settings of the PC, not at the portal. Log in with the password, and start the "
                    + "biometric authentication. Does the screen say that it cannot be used?"),
        ]
    }

    private static func codesOfApp(_ account: FirstLogin.Account) -> [WalkScript.Step] {
        let path = "/login/one-time-password"
        return [
            step(
                "app-wrong-at-set-up", at: "b.1", Refusal(path: "/one-time-password/set-up"),
                ("アプリの登録時にコードを間違える", "A wrong code while the app is set up"),
                "新しいパスワードを設定して覚え、ログアウトし、もう一度ログインしてください。二次元コードを認証アプリに登録し、わざと間違えた数字を入力してください。",
                "Set a new password and remember it, log out, and log in again. Add the QR code to the app, and enter wrong digits."
            ),
            step(
                "app-wrong", at: "b.3", Refusal(path: path), ("アプリのコードを間違える", "A wrong code of the app"),
                "アプリの数字で登録を終え、ログアウトし、パスワードでログインして、わざと間違えた数字を入力してください。",
                "Confirm with the app's digits, log out, log in with the password, and enter wrong digits."),
            step(
                "app-expired", at: "b.3", Refusal(path: path), after: .seconds(600),
                ("期限の切れたアプリのコード", "A code of the app that has expired"), "アプリに今表示されている数字を入力してください。",
                "Enter the digits that the app shows now."),
            step(
                "app-replayed", at: "b.3", Refusal(path: path), ("アプリのコードをもう一度使う", "A code of the app is used again"),
                "アプリの新しい数字でログインし、ログアウトし、もう一度ログインして、同じ数字を入力してください。",
                "Log in with the app's next digits, log out, log in again, and enter the same digits."),
        ]
    }

    private static func codesByMail(_ account: FirstLogin.Account, _ mail: String?) -> [WalkScript.Step] {
        let place = WalkScript.place(of: mail)
        let path = "/login/mail-code"
        return [
            step(
                "mail-code-wrong", at: "c.1", Refusal(path: path), ("メールのコードを間違える", "A wrong code of the mail"),
                "新しいパスワードを設定して覚え、ログアウトし、もう一度ログインして、わざと間違えた数字を入力してください。",
                "Set a new password and remember it, log out, log in again, and enter wrong digits."),
            step(
                "mail-code-expired", at: "c.1", Refusal(path: path), after: .seconds(660),
                ("期限の切れたメールのコード", "A code of the mail that has expired"), "届いたメール\(place[.japanese])の数字を入力してください。",
                "Enter the digits of the mail that has arrived\(place[.english])."),
            step(
                "mail-code-reused", at: "c.1", Refusal(path: path),
                ("メールのコードをもう一度使う", "A code of the mail is used again"),
                "メールを再送し、新しい数字\(place[.japanese])でログインし、ログアウトし、もう一度ログインして、使った数字を入力してください。",
                "Have a new mail sent, log in with its digits\(place[.english]), log out, log in again, and enter the digits that you used."
            ),
        ]
    }
}
