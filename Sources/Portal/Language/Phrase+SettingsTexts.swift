extension Phrase {
    /// Settings, and what is there for testing.
    var settingsTexts: (japanese: String, english: String) {
        switch self {
        case .settingsTitle: ("設定", "Settings")
        case .backToSettings: ("設定へ戻る", "Back to the settings")
        case .passkeyCount: ("%1件", "%1 registered")
        case .passwordChange: ("パスワードを変更する", "Change your password")
        case .logOutEverywhere: ("すべての端末からログアウトする", "Log out everywhere")
        case .noticeLoggedOutEverywhere:
            ("すべての端末からログアウトしました。", "You have logged out everywhere.")
        case .methodTerm: ("認証方法", "How you log in")
        case .noticeMethodChanged: ("認証方法を変更しました。", "How you log in has been changed.")
        case .noticePasswordChanged:
            (
                "パスワードを変更しました。ほかの端末からはログアウトしました。",
                "Your password has been changed. You have been logged out everywhere else."
            )
        case .passwordChangeTitle: ("パスワードの変更", "Change your password")
        case .passwordChangeIntro:
            (
                "今のパスワードと新しいパスワードを入力してください。ほかの端末からはログアウトします。",
                "Enter your current and your new password. You will be logged out everywhere else."
            )
        case .currentPassword: ("今のパスワード", "Current password")
        case .currentPasswordWrong: ("今のパスワードが正しくありません。", "The current password is not correct.")
        case .passwordIsCurrent:
            ("今のパスワードと同じものは使用できません。", "The new password must differ from the current one.")
        case .changeButton: ("変更する", "Change")
        case .mailChangeTitle: ("メールアドレスの変更", "Change your mail address")
        case .mailChangeIntro:
            (
                "今のメールアドレスは %1 です。新しいアドレスに届くメールのリンクを開くまで、変更されません。",
                "Your mail address is %1. It changes once you open the link in the mail that we send to the new one."
            )
        case .mailChangeLabel: ("新しいメールアドレス", "New mail address")
        case .mailChangePending:
            (
                "%1 に確認メールを送りました。メールのリンクを開いてください。",
                "We have sent a mail to %1. Open its link."
            )
        case .mailUnchanged: ("今と同じメールアドレスです。", "This is your present mail address.")
        case .confirmedChange:
            (
                "メールアドレスを変更しました。以前のアドレスにもお知らせを送りました。",
                "Your mail address has been changed. We have told your old address, too."
            )
        case .noticeMailSubject: ("【%1】登録内容の変更のお知らせ", "%1: your account was changed")
        case .noticeMailText:
            (
                """
                %1 の登録内容が変更されました。

                %2

                お心当たりのない場合は、すぐに窓口へご連絡ください。
                """,
                """
                Your account at %1 was changed.

                %2

                If this was not you, please contact us at once.
                """
            )
        case .noticeMailMethod: ("認証方法が変更されました。", "How you log in was changed.")
        case .noticeMailPassword: ("パスワードが変更されました。", "Your password was changed.")
        case .noticeMailAddress:
            ("メールアドレスが %1 に変更されました。", "Your mail address was changed to %1.")
        case .noticeMailAppSetUp: ("認証アプリが設定されました。", "An authenticator app was set up.")
        case .noticeMailAppRemoved: ("認証アプリの設定が解除されました。", "The authenticator app was removed.")
        case .noticeMailPasskeyAdded: ("パスキーが追加されました。", "A passkey was added.")
        case .noticeMailPasskeyRemoved: ("パスキーが削除されました。", "A passkey was removed.")
        default: passkeySettingsTexts
        }
    }

    /// Passkeys, one by one.
    private var passkeySettingsTexts: (japanese: String, english: String) {
        switch self {
        case .passkeysIntro:
            (
                "名前を選ぶと、詳しい内容の確認、名前の変更、削除ができます。",
                "Choose one to see more about it, to rename or to remove it."
            )
        case .passkeysNone: ("登録済みのパスキーはありません。", "You have no passkeys.")
        case .renameButton: ("名前を変更する", "Rename")
        case .noticeRenamed: ("名前を変更しました。", "The passkey has been renamed.")
        case .removeLink: ("このパスキーを削除する", "Remove this passkey")
        case .removalTitle: ("パスキーの削除", "Remove a passkey")
        case .removalIntro:
            ("「%1」を削除しますか。このパスキーではログインできなくなります。", "Remove “%1”? It will no longer log you in.")
        case .removalEffect:
            (
                "このパスキーでログインした画面は、すべてログアウトします。",
                "Wherever you have logged in with it, you will be logged out."
            )
        case .removeButton: ("削除する", "Remove")
        case .cancelLink: ("やめる", "Keep it")
        case .backToPasskeys: ("パスキーの一覧へ戻る", "Back to your passkeys")
        case .noticeRemoved: ("パスキーを削除しました。", "The passkey has been removed.")
        case .passkeyIsLast:
            (
                "ログインする手段がなくなるため、最後のパスキーは削除できません。先に別のパスキーを追加するか、認証方法を変更してください。",
                "This is your last way to log in. Add another passkey first, or change how you log in."
            )
        case .removedTitle: ("パスキーを削除しました", "The passkey has been removed")
        case .removedAndLoggedOut:
            (
                "このパスキーでログインしていたため、ログアウトしました。別の方法でもう一度ログインしてください。",
                "You had logged in with it, so you are logged out now. Please log in again in another way."
            )
        case .detailRegistered: ("登録日", "Registered")
        case .detailLastUsed: ("最終使用日", "Last used")
        case .detailBackup: ("同期", "Synchronised")
        case .detailFlags: ("バックアップのフラグ", "Backup flags")
        case .detailTransports: ("接続方法", "Transports")
        case .detailPRF: ("秘密の導出（PRF）", "Derives secrets (PRF)")
        case .derivationTitle: ("秘密の導出を試す（PRF）", "Try deriving a secret (PRF)")
        case .derivationButton: ("このパスキーで秘密を導出する", "Derive a secret with this passkey")
        case .derived:
            (
                "秘密を導出しました。秘密はこのページの外に出ません。指紋（SHA-256）：",
                "A secret was derived; it does not leave this page. Its fingerprint (SHA-256):"
            )
        case .derivedAgain: ("前回と同じ秘密です。指紋（SHA-256）：", "The same secret as before. Its fingerprint (SHA-256):")
        case .derivedOther:
            (
                "前回と違う秘密です。パスキーに問題があるかもしれません。指紋（SHA-256）：",
                "Another secret than before: something is wrong with this passkey. Its fingerprint (SHA-256):"
            )
        case .notDerived:
            (
                "本人確認はできましたが、秘密は導出されませんでした。端末またはブラウザが対応していません。",
                "You were verified, but no secret was derived: your device or browser cannot."
            )
        case .detailAttestation: ("アテステーションの形式", "Attestation format")
        case .detailTrust: ("アテステーションの検証", "Attestation verified")
        case .detailModel: ("認証器の機種", "Authenticator model")
        case .trustNone: ("なし（機種は自己申告です）", "No attestation: the model is a claim")
        case .trustSelf: ("自己署名（機種は自己申告です）", "Self attestation: the model is a claim")
        case .trustVerified: ("信頼できるルート証明書まで検証済み", "Yes, up to a trusted root certificate")
        case .trustUnverified: ("署名は正しいが、信頼できるルート証明書に至らない", "Signature correct, but no trusted root certificate")
        case .trustCompromised: ("この機種は危殆化が報告されています。使用しないでください", "Reported as compromised: do not use it any more")
        case .detailAAGUID: ("認証器の型（AAGUID）", "Authenticator model (AAGUID)")
        case .detailCounter: ("署名回数", "Signature counter")
        case .detailCredentialID: ("クレデンシャルID", "Credential ID")
        case .backedUp: ("ほかの端末と同期されています", "Yes, with other devices")
        case .backupPending: ("同期できますが、まだされていません", "Possible, but not yet done")
        case .deviceBound: ("この端末のみ", "No, on this device only")
        case .yes: ("はい", "Yes")
        case .no: ("いいえ", "No")
        case .unknown: ("不明", "Unknown")

        case .downloadCeremonies:
            ("WebAuthnのやり取りをJSONで保存する", "Download the WebAuthn ceremonies as JSON")
        case .mailPageLink: ("届いたメールを見る（テスト用）", "Show the mails (for testing)")
        case .mailPageTitle: ("メール", "Mails")
        case .mailPageIntro:
            (
                "このポータルが送ったメールです。実際には送信されず、テストのためにここに表示されます。",
                "The mails of this portal. They are not sent anywhere but shown here for testing."
            )
        case .mailPageEmpty: ("まだメールはありません。", "There are no mails yet.")
        default: helpTexts
        }
    }
}
