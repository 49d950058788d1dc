extension ManualStep {
    /// What the manual says of a step besides its title, by its id.
    static let explanations: [String: BilingualText] = [
        "1.1": BilingualText("設定には10分ほどかかります。", "Setting everything up takes about ten minutes."),
        "1.2": BilingualText(
            "初めての方は通知書のユーザIDとパスワードを使います。以前からご利用の方のパスワードは「記号+番号+生年月日」です。",
            "New users: both are in the insurer's letter. For earlier users the password is symbol + number + date of birth."
        ),
        "1.3": BilingualText("ご本人の生年月日を入力します。", "One's own date of birth."),
        "1.4": BilingualText("規約を読み、「同意する」を押します。", "Read the terms, and press “I accept”."),
        "1.5": BilingualText("入力したアドレスに確認のメールが届きます。", "A mail to confirm the address is sent there."),
        "1.6": BilingualText("届いたメールのリンクを開き、アドレスを確認します。", "Open the link in the mail, and confirm the address."),
        "1.7": BilingualText("確認が済むまで、更新しても先へ進みません。", "It goes on only after the confirmation."),
        "1.8": BilingualText(
            "生体認証、またはワンタイムパスワード（アプリ・メール）を選びます。あとで変更できます。",
            "Biometrics, or a one-time password by app or mail; it can be changed later."),
        "1.9": BilingualText("最初のパスワードは使えなくなります。", "The initial password stops working."),
        "1.10": BilingualText("初回ログインはこれで完了です。", "The first login is done."),
        "1.11": BilingualText(
            "続きの設定は、一度ログアウトしてから行います。メールのワンタイムパスワードでは、これ以上の設定は要りません。",
            "The rest is set up after logging out once. With one-time passwords by mail there is nothing more to set up."
        ),
        "2-1.1": BilingualText("ユーザIDと新しいパスワードを入力します。", "With the user ID and the new password."),
        "2-1.2": BilingualText(
            "パソコンの生体認証（顔・指紋）は、あらかじめ設定しておきます。",
            "The PC's own biometrics (face, fingerprint) must be set up before."),
        "2-1.3": BilingualText(
            "このパソコンの顔認証または指紋認証を使います。ほかの方法は選びません。",
            "Use the face or the fingerprint on this PC; choose no other method."),
        "2-1.4": BilingualText("認証が終わると、ポータルが先へ進みます。", "When the verification is done, the portal goes on."),
        "2-1.5": BilingualText(
            "このポータルには2回目の「OK」はなく、再読み込みしても同じ画面です。",
            "This portal asks for no second OK; a reload shows the same page."),
        "2-1.6": BilingualText("どの端末かわかる名前にします。", "So that the device can be told apart."),
        "2-1.7": BilingualText("名前を決めて「次へ」を押します。", "Press Next, once it has its name."),
        "2-1.8": BilingualText("登録したパスキーがトップ画面に表示されます。", "The top page lists the passkey."),
        "2-2.1": BilingualText("もう一度ログインします。", "Log in once more."),
        "2-2.2": BilingualText(
            "スマートフォンとパソコンの両方で、Bluetoothをオンにしておきます。", "Bluetooth must be on, on the phone and the PC."),
        "2-2.3": BilingualText("スマートフォンの顔認証または指紋認証を使います。", "Use the phone's face or fingerprint."),
        "2-2.4": BilingualText("どの端末かわかる名前にします。", "So that the device can be told apart."),
        "2-2.5": BilingualText("両方の端末がトップ画面に表示されます。", "The top page lists both devices."),
        "x.1": BilingualText("パソコンで、ユーザIDとパスワードを入力します。", "On the PC, with user ID and password."),
        "x.2": BilingualText("「生体認証を開始する」を押します。", "Press Start."),
        "x.3": BilingualText(
            "ブラウザによっては、選ばなくても二次元コードが表示されます。",
            "Some browsers show the QR code without being asked for it."),
        "x.4": BilingualText(
            "スマートフォンのカメラで読み取ります。近くにあることをBluetoothが確かめます。",
            "With the phone's camera; Bluetooth proves that both are near."),
        "x.5": BilingualText("パソコンでログインできました。", "The PC is logged in."),
        "b.1": BilingualText("認証アプリで二次元コードを読み取ります。", "Scan the QR code with an authenticator app."),
        "b.2": BilingualText("アプリに表示された6桁の数字を入力します。", "Enter the six digits that the app shows."),
        "b.3": BilingualText("数字は30秒ごとに変わり、一度だけ使えます。", "The digits change every 30 seconds, and work once."),
        "b.4": BilingualText("ログインできました。", "Logged in."),
        "c.1": BilingualText(
            "ログインのたびに、確認済みのアドレスへ数字が届きます。", "Digits are mailed at each login, to the confirmed address."),
        "c.2": BilingualText("ログインできました。", "Logged in."),
    ]
}
