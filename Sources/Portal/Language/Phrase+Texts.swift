extension Phrase {
    /// What a phrase says in each language.
    var texts: (japanese: String, english: String) {
        switch self {
        case .mainLink: ("本文へ移動", "Skip to content")
        case .backToStart: ("最初の画面へ", "Go to the first page")
        case .logOut: ("ログアウト", "Log out")
        case .manualSteps: ("マニュアルの手順", "Manual step")

        case .loginTitle: ("ログイン", "Log in")
        case .loginIntro:
            (
                "ユーザIDとパスワードを入力してください。初めての方は、通知に記載のユーザIDと初期パスワード（記号+番号+生年月日）をお使いください。",
                "Enter your user ID and password. If this is your first visit, use the user ID and the initial password (symbol + number + date of birth) from your letter."
            )
        case .userID: ("ユーザID", "User ID")
        case .password: ("パスワード", "Password")
        case .loginButton: ("ログイン", "Log in")
        case .passkeyLoginTitle: ("生体認証を設定済みの方", "If you have set up biometrics")
        case .passkeyLoginButton: ("パスキーでログイン", "Log in with a passkey")
        case .wrongPassword:
            (
                "ユーザIDまたはパスワードが正しくありません。もう一度入力してください。",
                "The user ID or the password is not correct. Please enter them again."
            )
        case .tooManyAttempts:
            (
                "試行回数が多すぎます。%1後にもう一度お試しください。",
                "There were too many attempts. Please try again in %1."
            )
        case .noticeLoggedOut: ("ログアウトしました。", "You have logged out.")
        case .noticeLoginNeeded:
            (
                "ログインしていないか、時間が経過したためログアウトされました。もう一度ログインしてください。",
                "You are not logged in, or your visit has ended after a pause. Please log in again."
            )

        case .birthTitle: ("生年月日の確認", "Date of birth")
        case .birthIntro: ("ご本人の生年月日を入力してください。", "Enter your own date of birth.")
        case .birthLabel: ("生年月日", "Date of birth")
        case .birthHint: ("例：1990-01-31", "For example 1990-01-31")
        case .nextButton: ("次へ", "Next")
        case .birthMalformed:
            (
                "日付として読み取れません。1990-01-31 のように入力してください。",
                "This is not a date. Please write it like 1990-01-31."
            )
        case .birthWrong:
            (
                "登録されている生年月日と一致しません。もう一度入力してください。",
                "This is not the date of birth we have on record. Please enter it again."
            )

        case .termsTitle: ("利用規約", "Terms of use")
        case .termsIntro: ("利用規約をお読みになり、同意してください。", "Please read the terms of use and accept them.")
        case .termsText1:
            (
                "第1条　このポータルは、パスキーによるログインの手順を確かめるためのものです。登録された内容は、この目的にのみ使用します。",
                "1. This portal exists to try out logging in with passkeys. What you register is used for this purpose only."
            )
        case .termsText2:
            (
                "第2条　ユーザIDとパスワードは、ご本人のみが使用し、他の人に知らせないでください。",
                "2. Your user ID and password are yours alone; do not tell them to anybody."
            )
        case .termsText3:
            (
                "第3条　生体情報は端末の中にとどまり、このポータルに送信されることはありません。",
                "3. Your biometrics stay inside your device and are never sent to this portal."
            )
        case .acceptButton: ("同意する", "I accept")
        case .refuseButton: ("同意しない", "I do not accept")
        case .termsRefusedTitle: ("利用規約に同意されませんでした", "You did not accept the terms")
        case .termsRefused:
            (
                "同意いただけない場合、このポータルはご利用になれません。登録内容は変更されていません。",
                "Without your consent this portal cannot be used. Nothing in your account has changed."
            )
        case .termsReadAgain: ("利用規約に戻る", "Back to the terms")
        case .termsUndecided: ("「同意する」または「同意しない」を選んでください。", "Please choose whether you accept.")

        case .mailTitle: ("メールアドレスの設定", "Mail address")
        case .mailIntro:
            (
                "メールアドレスを入力してください。確認のメールをお送りします。",
                "Enter your mail address. We will send you a mail to confirm it."
            )
        case .mailLabel: ("メールアドレス", "Mail address")
        case .mailHint: ("例：hanako@example.jp", "For example hanako@example.jp")
        case .mailButton: ("確認メールを送る", "Send the mail")
        case .mailMalformed:
            (
                "メールアドレスの形式が正しくありません。もう一度入力してください。",
                "This is not a mail address. Please enter it again."
            )
        case .mailNotSent:
            (
                "メールを送信できませんでした。登録内容は変更されていません。しばらくしてからもう一度お試しください。",
                "The mail could not be sent. Nothing in your account has changed. Please try again in a while."
            )
        default: laterTexts
        }
    }

    /// Steps 1.6 to 1.11.
    private var laterTexts: (japanese: String, english: String) {
        switch self {
        case .waitTitle: ("メールをご確認ください", "Check your mail")
        case .waitIntro:
            (
                "%1 に確認メールを送りました。メールのリンクを開いて確認を完了し、この画面に戻って「更新」を押してください。",
                "We have sent a mail to %1. Open its link, confirm your address, then come back to this page and press Refresh."
            )
        case .waitEarlier:
            (
                "以前 %1 に送った確認メールのリンクは、引き続き有効です。",
                "The link in an earlier mail to %1 still works."
            )
        case .waitSpam:
            (
                "届かないときは、迷惑メールのフォルダを確認するか、もう一度送信してください。",
                "If nothing arrives, look into the junk folder or send the mail again."
            )
        case .refreshButton: ("更新", "Refresh")
        case .sendAgainButton: ("もう一度送信する", "Send the mail again")
        case .changeAddress: ("別のメールアドレスにする", "Use another address")
        case .notConfirmedYet:
            (
                "メールアドレスの確認がまだ完了していません。",
                "Your mail address has not been confirmed yet."
            )
        case .confirmTitle: ("メールアドレスの確認", "Confirm your mail address")
        case .confirmIntro:
            (
                "下のボタンを押すと、メールアドレスの確認が完了します。",
                "Press the button to confirm that this mail address is yours."
            )
        case .confirmButton: ("確認を完了する", "Confirm")
        case .confirmedTitle: ("確認が完了しました", "Confirmed")
        case .confirmedIntro:
            (
                "メールアドレスの確認が完了しました。元の画面に戻り、「更新」を押してください。",
                "Your mail address is confirmed. Go back to the page you came from and press Refresh."
            )
        case .linkUsedTitle: ("このリンクは使用済みです", "This link has been used")
        case .linkUsed:
            (
                "このリンクでの確認はすでに完了しています。元の画面に戻り、「更新」を押してください。",
                "This address is already confirmed. Go back to the page you came from and press Refresh."
            )
        case .linkExpiredTitle: ("このリンクは期限切れです", "This link has expired")
        case .linkExpired:
            (
                "リンクの有効期限（24時間）が過ぎました。メールアドレスを入力した画面から、もう一度確認メールを送信してください。",
                "The link was valid for 24 hours. Have a new mail sent from the page where you entered the address."
            )
        case .linkUnknownTitle: ("このリンクは無効です", "This link is not valid")
        case .linkUnknown:
            (
                "リンクが途中で切れているか、新しいメールが送られています。最も新しいメールのリンクを開いてください。",
                "The link is incomplete, or a newer mail has replaced it. Open the link in the newest mail."
            )
        case .mailSubject: ("【%1】メールアドレスの確認", "%1: confirm your mail address")
        case .mailText:
            (
                """
                %1 をご利用いただきありがとうございます。

                次のリンクを開いて、メールアドレスの確認を完了してください。
                リンクは24時間有効で、一度だけ使用できます。

                %2

                確認が終わりましたら、元の画面に戻り「更新」を押してください。
                お心当たりのない場合は、このメールを破棄してください。
                """,
                """
                Thank you for using %1.

                Open the following link to confirm your mail address.
                It is valid for 24 hours and works once.

                %2

                Then go back to the page you came from and press Refresh.
                If you did not ask for this mail, please ignore it.
                """
            )

        case .methodTitle: ("認証方法の選択", "How you log in")
        case .methodIntro: ("認証方法を選択してください。", "Choose how you want to log in.")
        case .methodPasskey: ("生体認証（パスキー）", "Biometrics (passkey)")
        case .methodPasskeyHint:
            (
                "端末の顔認証や指紋認証を使います。パソコンに生体認証がない場合は、スマートフォンの生体認証を使えます。",
                "Uses the face or fingerprint recognition of your device. If your PC has none, your phone's will do."
            )
        case .methodTOTP: ("ワンタイムパスワード（アプリ）", "One-time password by app")
        case .methodTOTPHint:
            (
                "スマートフォンなどの認証アプリに表示される6桁の数字を使います。",
                "Uses the six digits that an authenticator app on your phone shows."
            )
        case .methodMail: ("ワンタイムパスワード（メール）", "One-time password by mail")
        case .methodMailHint:
            (
                "ログインのたびに、登録したメールアドレスへ6桁の数字をお送りします。ほかの設定は不要です。",
                "At each login we mail six digits to your address. There is nothing more to set up."
            )
        case .otherMethod: ("別の認証方法を選ぶ", "Choose another way to log in")
        case .methodMissing: ("認証方法を選んでください。", "Please choose how you want to log in.")

        case .newPasswordTitle: ("新しいパスワードの設定", "New password")
        case .newPasswordIntro:
            (
                "新しいパスワードを設定してください。初期パスワードは使用できなくなります。",
                "Choose a new password. The initial one will stop working."
            )
        case .newPassword: ("新しいパスワード", "New password")
        case .newPasswordHint:
            (
                "10文字以上。ユーザIDや生年月日を含まないもの。",
                "At least 10 characters, without your user ID or date of birth."
            )
        case .repeatedPassword: ("新しいパスワード（確認）", "New password, again")
        case .passwordTooShort: ("パスワードは10文字以上にしてください。", "The password must have at least 10 characters.")
        case .passwordTooLong: ("パスワードが長すぎます。", "The password is too long.")
        case .passwordPersonal:
            (
                "パスワードにユーザIDや生年月日を含めないでください。",
                "The password must not contain your user ID or date of birth."
            )
        case .passwordTooSimple:
            (
                "パスワードが単純すぎます。もっと多くの種類の文字を使ってください。",
                "The password is too simple. Use more different characters."
            )
        case .passwordsDiffer:
            ("2つのパスワードが一致しません。", "The two passwords are not the same.")
        case .passwordIsInitial:
            (
                "初期パスワードと同じものは使用できません。",
                "The new password must differ from the initial one."
            )

        case .completeTitle: ("初回ログインが完了しました", "Your first login is complete")
        case .completeIntro:
            (
                "続けて認証方法の設定が必要です。一度ログアウトし、新しいパスワードでもう一度ログインしてください。",
                "One thing is left: setting up how you log in. Log out once, then log in again with your new password."
            )
        case .completeIntroMail:
            (
                "ワンタイムパスワード（メール）では、ほかの設定は不要です。一度ログアウトし、新しいパスワードでもう一度ログインしてください。",
                "With one-time passwords by mail there is nothing more to set up. Log out once, then log in again with your new password."
            )
        case .completeNext: ("ログアウトして次へ進む", "Log out and go on")
        default: passkeyTexts
        }
    }
}
