extension Phrase {
    /// One-time passwords by app and by mail.
    var oneTimePasswordTexts: (japanese: String, english: String) {
        switch self {
        case .totpSetUpTitle: ("認証アプリの設定", "Set up your authenticator app")
        case .totpSetUpIntro:
            (
                "認証アプリで下の二次元コードを読み取り、アプリに表示された6桁の数字を入力してください。",
                "Scan this QR code with your authenticator app, then enter the six digits that the app shows."
            )
        case .totpQRLabel: ("認証アプリで読み取る二次元コード", "QR code for your authenticator app")
        case .totpSecret: ("手で入力する場合のキー", "Key, to type it by hand")
        case .totpOpenApp: ("この端末の認証アプリで開く", "Open in an app on this device")
        case .totpSetUpCodeHint:
            (
                "アプリに表示されている数字を入力すると、設定が完了します。",
                "The set-up is complete once you have entered the digits."
            )
        case .totpWrongAtSetUp:
            (
                "数字が正しくありません。アプリに今表示されている6桁の数字を入力してください。端末の時計がずれていないかもご確認ください。",
                "This is not the right code. Enter the six digits that the app shows now, and check the clock of your device."
            )
        case .totpLoginTitle, .mailCodeTitle: ("ワンタイムパスワード", "One-time password")
        case .totpLoginIntro:
            (
                "認証アプリに表示されている6桁の数字を入力してください。",
                "Enter the six digits that your authenticator app shows."
            )
        case .totpCodeHint: ("数字は30秒ごとに変わります。", "The digits change every 30 seconds.")
        case .totpWrong:
            (
                "数字が正しくないか、すでに使われたか、期限が切れています。新しい数字が表示されるのを待って、もう一度入力してください。",
                "The code is wrong, was used before, or is too old. Wait until the app shows new digits and enter those."
            )
        case .codeLabel: ("6桁の数字", "Six digits")
        case .noticeAppReady:
            ("認証アプリの設定が完了しました。", "Your authenticator app is set up.")

        case .mailCodeIntro:
            (
                "%1 に6桁の数字を送りました。10分以内に入力してください。",
                "We have mailed six digits to %1. Enter them within 10 minutes."
            )
        case .mailCodeHint:
            (
                "数字は一度だけ、この画面でのみ使えます。",
                "The digits work once, and on this page only."
            )
        case .mailCodeEarlier:
            (
                "以前 %1 に送った数字は、引き続き使用できます。",
                "The digits in an earlier mail to %1 can still be used."
            )
        case .mailCodeNone:
            (
                "%1 に6桁の数字をお送りします。「数字を送る」を押してください。",
                "We will mail six digits to %1. Press the button to send them."
            )
        case .mailCodeSend: ("数字を送る", "Send the digits")
        case .mailCodeWrong:
            (
                "数字が正しくありません。最も新しいメールの数字を入力してください。",
                "This is not the right code. Enter the digits of the newest mail."
            )
        case .mailCodeVoid:
            (
                "数字は使用済みか、期限が切れたか、間違いが続いたため無効になりました。新しい数字を送ってください。",
                "The digits were used, have expired, or were wrong too often. Send new ones."
            )
        case .mailCodeSubject: ("【%1】ワンタイムパスワード", "%1: your one-time password")
        case .mailCodeText:
            (
                """
                %1 のログインに使うワンタイムパスワードをお送りします。

                %2

                ログインの画面に入力してください。10分間有効で、一度だけ使用できます。
                この数字は、ほかの人に知らせないでください。
                お心当たりのない場合は、パスワードを変更してください。
                """,
                """
                This is your one-time password for %1:

                %2

                Enter it on the page that asked for it. It is valid for 10 minutes and works once.
                Do not tell it to anybody.
                If you are not logging in, please change your password.
                """
            )
        default: settingsTexts
        }
    }
}
