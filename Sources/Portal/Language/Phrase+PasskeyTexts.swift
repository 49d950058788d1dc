extension Phrase {
    /// Chapter 2, the top page and what goes wrong.
    var passkeyTexts: (japanese: String, english: String) {
        switch self {
        case .setUpTitle: ("生体認証の設定", "Set up biometrics")
        case .setUpIntro:
            (
                "端末の生体認証（顔認証・指紋認証）でサインインします。表示される画面では、必ず生体認証を選んでください。",
                "Sign in with the face or fingerprint recognition of your device. Choose biometrics when your device asks."
            )
        case .setUpReady:
            (
                "始める前に、端末の生体認証が設定されていることを確認してください。",
                "Before you start, make sure that biometrics are set up on your device."
            )
        case .setUpBluetooth:
            (
                "スマートフォンを使う場合は、パソコンとスマートフォンの両方でBluetoothをオンにしてください。",
                "To use your phone, turn Bluetooth on, on both the phone and the PC."
            )
        case .setUpHere: ("この端末の生体認証を設定する", "Set up the biometrics of this device")
        case .setUpElsewhere: ("スマートフォンなど別の端末を設定する", "Set up a phone or another device")
        case .setUpNoReader:
            (
                "この端末には、ブラウザから使える生体認証がありません。セキュリティキーまたはスマートフォンをお選びください。",
                "This device has no reader of its own that the browser can use; choose a security key or a phone."
            )
        case .setUpCancelled:
            (
                "生体認証の設定が完了しませんでした（取り消し、失敗、または時間切れ）。もう一度お試しいただくか、別の端末を設定してください。",
                "The biometrics were not completed: cancelled, failed or timed out. Try again, or set up another device."
            )
        case .skipToTop: ("トップ画面へ", "Go to the top page")
        case .nameTitle: ("パスキーの名前", "Name the passkey")
        case .nameIntro:
            (
                "使用している端末を識別できる名前を入力してください。",
                "Enter a name that tells you which device this is."
            )
        case .nameLabel: ("名前", "Name")
        case .nameHint: ("例：自宅のパソコン", "For example: PC at home")
        case .nameDefault: ("パスキー", "Passkey")
        case .namePhone: ("スマートフォン", "Phone")
        case .nameSecurityKey: ("セキュリティキー", "Security key")
        case .nameMissing: ("1〜64文字の名前を入力してください。", "Please enter a name of 1 to 64 characters.")
        case .noticePasskeyAdded: ("生体認証を確認しました。", "Your biometrics have been verified.")

        case .biometricsTitle: ("生体認証", "Biometrics")
        case .biometricsIntro:
            (
                "設定済みの生体認証でログインします。「生体認証を開始する」を押してください。",
                "Log in with the biometrics you have set up. Press the button to start."
            )
        case .biometricsPhone:
            (
                "スマートフォンで設定した方は、「iPhone、iPad、またはAndroidデバイス」を選び、表示された二次元コードをスマートフォンのカメラで読み取ってください。両方の端末でBluetoothをオンにしてください。",
                "If you set up your phone, choose “iPhone, iPad or Android device” and scan the QR code with its camera. Turn Bluetooth on, on both devices."
            )
        case .biometricsButton: ("生体認証を開始する", "Start")
        case .proofAgain:
            (
                "アカウントを保護するため、もう一度ご本人の確認をお願いします。",
                "To protect your account, please confirm once more that it is you."
            )

        case .topTitle: ("トップ", "Top page")
        case .topWelcome: ("%1 さん、ようこそ。", "Welcome, %1.")
        case .topPasskeys: ("登録済みのパスキー", "Your passkeys")
        case .topCreated: ("登録：%1", "Registered %1")
        case .topLastUsed: ("最終使用：%1", "Last used %1")
        case .topNeverUsed: ("ログインには未使用", "Not used to log in yet")
        case .topAdd: ("別の端末を追加する", "Add another device")
        case .unnamedPasskey: ("（名前なし）", "(unnamed)")

        case .webAuthnUnsupported:
            (
                "このブラウザはパスキーに対応していません。新しいブラウザをお使いください。",
                "This browser does not support passkeys. Please use a newer one."
            )
        case .webAuthnNoScript:
            ("生体認証にはJavaScriptが必要です。", "Biometrics need JavaScript.")
        case .webAuthnWorking: ("端末の画面の案内に従ってください…", "Follow the instructions of your device…")
        case .webAuthnCancelled:
            (
                "生体認証が完了しませんでした（取り消し、失敗、または時間切れ）。もう一度お試しください。",
                "The biometrics were not completed: cancelled, failed or timed out. Please try again."
            )
        case .webAuthnFailed:
            (
                "この端末では生体認証を行えませんでした。端末の設定を確認し、もう一度お試しください。",
                "Your device could not do this. Check its settings and try again."
            )
        case .webAuthnOffline:
            (
                "ポータルに接続できませんでした。通信を確認し、もう一度お試しください。",
                "The portal could not be reached. Check your connection and try again."
            )
        case .ceremonyExpired:
            (
                "時間切れか、すでに使用された操作です。もう一度始めからお試しください。",
                "This took too long or was already used. Please start again."
            )
        case .alreadyRegistered:
            (
                "この端末はすでに登録されており、ログインに使用できます。追加する場合は、別の端末をお使いください。",
                "This device is already registered, and you can log in with it. To add a passkey, use another device."
            )
        case .credentialUnknown:
            (
                "このパスキーは登録されていません。別のパスキーを選ぶか、ユーザIDとパスワードでログインしてください。",
                "This passkey is not registered here. Choose another, or log in with user ID and password."
            )
        case .notVerified:
            (
                "生体認証を確認できませんでした。もう一度お試しください。",
                "The biometrics could not be verified. Please try again."
            )
        case .loginRequired:
            ("先にログインしてください。", "Please log in first.")
        default: errorTexts
        }
    }

    /// Errors that no step of the manual knows.
    private var errorTexts: (japanese: String, english: String) {
        switch self {
        case .notFoundTitle: ("ページが見つかりません", "Page not found")
        case .notFound:
            (
                "アドレスが間違っているか、ページがなくなりました。最初の画面からやり直してください。",
                "The address is wrong or the page is gone. Please start from the first page."
            )
        case .methodNotAllowedTitle: ("この操作はできません", "This is not possible here")
        case .methodNotAllowed:
            (
                "このページではその操作を受け付けていません。最初の画面からやり直してください。",
                "This page does not take that kind of request. Please start from the first page."
            )
        case .badRequestTitle: ("送信内容を読み取れません", "This could not be read")
        case .badRequest:
            (
                "送信された内容を読み取れませんでした。前の画面に戻り、もう一度お試しください。",
                "What was sent could not be read. Go back and try again."
            )
        case .tooLargeTitle: ("送信内容が大きすぎます", "Too large")
        case .tooLarge:
            (
                "送信された内容が大きすぎます。前の画面に戻り、短くしてお試しください。",
                "What was sent is too large. Go back and try something shorter."
            )
        case .formExpiredTitle: ("画面の有効期限が切れました", "This page has expired")
        case .formExpired:
            (
                "画面を開いてから時間が経ったか、別の画面でログインの状態が変わりました。何も変更されていません。最初の画面からやり直してください。",
                "The page was open for too long, or you logged in or out elsewhere. Nothing has changed. Please start from the first page."
            )
        case .crossOrigin:
            (
                "このポータルのページからの要求ではありません。",
                "This request does not come from a page of this portal; send its origin in the Origin header."
            )
        case .foreignForm:
            (
                "このポータルのページから送信されたものではないため、受け付けませんでした。何も変更されていません。%1 を開いてやり直してください。",
                "This was not sent from a page of this portal. Nothing has changed. Please open %1 and start again."
            )
        case .notJSON:
            (
                "Content-Type に application/json を指定してください。",
                "The content type must be application/json."
            )
        case .malformedJSON:
            (
                "JSONとして読み取れないか、必要な項目がありません。",
                "This is not JSON, or a member is missing or wrong."
            )
        case .internalErrorTitle: ("エラーが発生しました", "Something went wrong")
        case .internalError:
            (
                "ポータルの内部でエラーが発生しました。登録内容は変更されていません。しばらくしてからもう一度お試しください。",
                "Something went wrong inside the portal. Your account has not changed. Please try again in a while."
            )
        case .unavailableTitle: ("ただいま混み合っています", "Too busy")
        case .unavailable:
            (
                "ただいま混み合っています。少し待ってからもう一度お試しください。",
                "The portal is very busy. Please wait a moment and try again."
            )
        case .tooManyAttemptsTitle: ("しばらくお待ちください", "Please wait")
        default: oneTimePasswordTexts
        }
    }
}
