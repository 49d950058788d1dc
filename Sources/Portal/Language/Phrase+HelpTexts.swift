extension Phrase {
    /// What to do when one cannot log in.
    var helpTexts: (japanese: String, english: String) {
        switch self {
        case .helpTitle: ("ログインできないとき", "If you cannot log in")
        case .helpDeviceTitle:
            ("パスキーのあるスマートフォンやパソコンをなくしたとき", "You have lost a phone or PC that has your passkey")
        case .helpOtherDevice:
            (
                "ほかの端末にもパスキーがある場合は、その端末を使い、ログイン画面の「%1」を押してください。",
                "If another device has a passkey of yours, too, use that one: press “%1” on the login page."
            )
        case .helpOneTimePassword:
            (
                "認証方法がワンタイムパスワード（アプリまたはメール）の場合は、ユーザIDとパスワードを入力し、続けてワンタイムパスワードを入力してください。",
                "If you have chosen one-time passwords (by app or by mail), log in with user ID, password and one-time password."
            )
        case .helpRemoval:
            (
                "ログインしたら、「%1」の「%2」で、なくした端末のパスキーを削除してください。そのパスキーではログインできなくなります。",
                "Once you are logged in, remove the passkey of the lost device under “%1”, “%2”. It will no longer log anybody in."
            )
        case .helpEverywhere:
            (
                "なくした端末がログインしたままかもしれないときは、「%1」の「%2」を押してください。",
                "If the lost device may still be logged in, press “%2” under “%1”."
            )
        case .helpCodeTitle:
            ("認証アプリが使えないとき、メールを受け取れないとき", "Your authenticator app or your mailbox is gone")
        case .helpCode:
            (
                "パスキーを登録している場合は、ログイン画面の「%1」を押してください。ログインしたら、「%2」で認証方法またはメールアドレスを変更してください。",
                "If you have a passkey, press “%1” on the login page. Once you are logged in, change how you log in, or your mail address, under “%2”."
            )
        case .helpPasswordTitle: ("パスワードを忘れたとき", "You have forgotten your password")
        case .helpPassword:
            (
                "パスキーを登録している場合は、「%1」を押すと、パスワードなしでログインできます。",
                "If you have a passkey, press “%1”: it needs no password."
            )
        case .helpPasswordChange:
            (
                "新しいパスワードの設定には今のパスワードが必要です。忘れたパスワードは、窓口でのみ初期化できます。",
                "To choose a new password you need the current one. Only the helpdesk can reset a password that is forgotten."
            )
        case .helpDeskTitle: ("どの方法でもログインできないとき", "If none of this helps")
        case .helpDesk:
            (
                "ユーザIDの通知をお送りした窓口にご連絡ください。窓口がアカウントを初期化し、新しい初期パスワードをお知らせします。",
                "Contact the helpdesk that sent you the letter with your user ID. It resets your account and gives you a new initial password."
            )
        case .helpReset:
            (
                "初期化すると、メールアドレス、パスキー、認証アプリの登録はすべて消え、すべての端末からログアウトします。ユーザIDは変わりません。初回ログインからやり直してください。",
                "A reset removes your mail address, your passkeys and your authenticator app, and logs you out everywhere. Your user ID stays. Then start again with the first login."
            )
        default: ("", "")
        }
    }
}
