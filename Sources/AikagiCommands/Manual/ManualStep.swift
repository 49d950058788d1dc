/// A step of the login manual that the portal reproduces, by its id `chapter.step`.
struct ManualStep: Hashable, Sendable {
    /// The id, for example `2-1.3`.
    let id: String
    /// What the person does, in English.
    let title: String
    /// What the person does, in Japanese.
    let japaneseTitle: String

    /// The part of the manual that the step belongs to: the id without its last number.
    var chapter: String { String(id.prefix { $0 != "." }) }

    /// The id as people read it: chapter ★ is called `x` in ids, which are for programs and files.
    var label: String { ManualStep.label(ofChapter: chapter) + id.dropFirst(chapter.count) }

    /// The name of a chapter as people read it.
    static func label(ofChapter chapter: String) -> String { chapter == "x" ? "★" : chapter }

    /// What the person does, in both languages.
    var words: BilingualText { BilingualText(japaneseTitle, title.prefix(1).uppercased() + title.dropFirst()) }

    private init(_ id: String, _ title: String, _ japaneseTitle: String) {
        self.id = id
        self.title = title
        self.japaneseTitle = japaneseTitle
    }

    /// The step with an id.
    static func named(_ id: String) -> ManualStep {
        everyStep.first { $0.id == id } ?? ManualStep(id, "unknown step", "不明な手順")
    }

    /// What the chapters are called in English.
    static let chapterTitles = chapters.mapValues { $0[.english] }

    /// What the chapters are called.
    static let chapters: [String: BilingualText] = [
        "1": BilingualText("初回ログイン", "First login"),
        "2-1": BilingualText("パソコンで生体認証", "Biometrics on the PC"),
        "2-2": BilingualText("スマートフォンで生体認証", "Biometrics on the phone"),
        "x": BilingualText("スマートフォンで登録し、パソコンでログイン", "Registered on the phone, log in from the PC"),
        "b": BilingualText("ワンタイムパスワード（アプリ）", "One-time password by app"),
        "c": BilingualText("ワンタイムパスワード（メール）", "One-time password by mail"),
    ]

    /// The chapters in the manual's order.
    static let chapterOrder = ["1", "2-1", "2-2", "x", "b", "c"]

    /// The manual's steps in its order, as far as its pictures went.
    static let all: [ManualStep] = [
        ManualStep("1.1", "open the portal", "ポータルを開く"),
        ManualStep("1.2", "log in with user ID and initial password", "ユーザIDと初期パスワードでログイン"),
        ManualStep("1.3", "enter the date of birth", "生年月日を入力"),
        ManualStep("1.4", "accept the terms of use", "利用規約に同意"),
        ManualStep("1.5", "enter a mail address", "メールアドレスを入力"),
        ManualStep("1.6", "open the mail and confirm the address", "届いたメールを開き、アドレスを確認"),
        ManualStep("1.7", "go back and refresh", "元の画面に戻り、更新"),
        ManualStep("1.8", "choose how to authenticate", "認証方法を選択"),
        ManualStep("1.9", "set a new password", "新しいパスワードを設定"),
        ManualStep("1.10", "first login complete", "初回ログイン完了"),
        ManualStep("1.11", "log out", "ログアウト"),
        ManualStep("2-1.1", "log in again with the new password", "新しいパスワードで再度ログイン"),
        ManualStep("2-1.2", "start the biometric set-up", "生体認証の設定を開始"),
        ManualStep("2-1.3", "sign in with the PC's biometrics", "パソコンの生体認証でサインイン"),
        ManualStep("2-1.4", "verification done: OK", "認証完了：OK"),
        ManualStep("2-1.5", "OK", "OK"),
        ManualStep("2-1.6", "name the passkey", "パスキーに名前を付ける"),
        ManualStep("2-1.7", "Next", "次へ"),
        ManualStep("2-1.8", "the top page appears", "トップ画面が表示される"),
        ManualStep("2-2.1", "log in again", "再度ログイン"),
        ManualStep("2-2.2", "start the biometric set-up", "生体認証の設定を開始"),
        ManualStep("2-2.3", "sign in with the phone's biometrics", "スマートフォンの生体認証でサインイン"),
        ManualStep("2-2.4", "name the device", "端末に名前を付ける"),
        ManualStep("2-2.5", "the top page appears", "トップ画面が表示される"),
        ManualStep("x.1", "log in again on the PC", "パソコンで再度ログイン"),
        ManualStep("x.2", "start the biometric authentication", "生体認証を開始"),
        ManualStep("x.3", "choose iPhone, iPad or Android device", "「iPhone、iPad、またはAndroidデバイス」を選択"),
        ManualStep("x.4", "scan the QR code with the phone", "スマートフォンで二次元コードを読み取る"),
        ManualStep("x.5", "the top page appears on the PC", "パソコンにトップ画面が表示される"),
    ]

    /// One-time passwords, which the manual offers without pictures of their own.
    static let oneTimePasswords: [ManualStep] = [
        ManualStep("b.1", "add the QR code to the authenticator app", "認証アプリに二次元コードを登録"),
        ManualStep("b.2", "confirm with one code", "表示されたコードで確認"),
        ManualStep("b.3", "log in with password and code", "パスワードとコードでログイン"),
        ManualStep("b.4", "the top page appears", "トップ画面が表示される"),
        ManualStep("c.1", "log in, and enter the code of the mail", "ログインし、届いたメールのコードを入力"),
        ManualStep("c.2", "the top page appears", "トップ画面が表示される"),
    ]

    /// All steps that a journey may have.
    static let everyStep = all + oneTimePasswords
}
