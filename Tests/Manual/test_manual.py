"""The manual, walked in Chromium and in Firefox by a person who types and clicks, in Japanese and in English."""

from __future__ import annotations

import pytest

from browser_run import PHONE_PROGRAMS, reason_to_skip
from journal import Journal, surroundings
from languages import in_each_language
from person import Person, sitting_at
from stage import PATIENCE, serving, staging

REASON = reason_to_skip("chromium", "chromedriver", "xdotool", *PHONE_PROGRAMS, keys=True)
pytestmark = pytest.mark.skipif(REASON is not None, reason=REASON or "")

NEW_PASSWORD = "a-new-password-2026"
MAIL_ADDRESS = "hanako@example.com"
#: The PC's fingerprint reader, which keeps its passkeys; and a phone that is put away at first.
READER = ("--key", "platform,name=pc,store=PLACE/reader.sqlite,gate=exec:PLACE/gate")
BRIDGE = ("--key", "phone,name=bridge,unplugged")
PHONE = ("--phone", "name=phone,gate=exec:PLACE/gate,away")

PRESSES_OTHER = (
    "Linuxでは、右の「スマートフォンなど別の端末を設定する」を押します。",
    "On Linux, press the right button, for another device.",
)
SHOWS_CODE = ("パソコンに二次元コードが表示されます。", "The PC shows a QR code.")
ASKS_FOR_KEY = (
    "Linux版のFirefoxは二次元コードを表示しません。スマートフォンはセキュリティ キーとして接続されています。",
    "Firefox on Linux shows no QR code: the phone is connected as a security key.",
)


def test_the_manual(journal):
    in_each_language(walk_the_manual, journal)


def walk_the_manual(journal: Journal, language: str) -> None:
    with serving() as (place, portal):
        # A PC without Bluetooth.
        with staging(place, portal, *READER) as stage, sitting_at(stage, journal, language) as person:
            first_login(person)
            biometrics_on_the_pc(person)
        # The same PC with Bluetooth, and a phone.
        with staging(place, portal, *READER, *PHONE) as stage, sitting_at(stage, journal, language) as person:
            biometrics_on_the_phone(person)
            login_by_phone(person)


def test_firefox(journal):
    if reason := reason_to_skip("firefox-esr"):
        pytest.skip(reason)
    in_each_language(walk_in_firefox, journal)


def walk_in_firefox(journal: Journal, language: str) -> None:
    """All chapters; Firefox on Linux knows no phones by QR code, so the phone is behind a key."""
    from firefox import Firefox

    with serving() as (place, portal), staging(place, portal, *READER, *PHONE, *BRIDGE) as stage:
        browser = Firefox(stage, language)
        try:
            journal.surroundings["firefox"] = surroundings("Firefox ESR " + browser.capabilities["browserVersion"])
            person = Person(stage, browser, journal, language, journey="firefox")
            person.writes_whole_dates = True
            first_login(person)
            biometrics_on_the_pc(person)
            biometrics_on_the_phone(person, bridge="bridge")
            login_by_phone(person, bridge="bridge")
        finally:
            browser.quit()


def first_login(person: Person) -> None:
    """Chapter 1, and on the way each thing that can be done wrong there."""
    portal = person.stage.portal
    account = portal.accounts["demo-new"]
    with person.step("1.1"):
        person.open("/")
        person.expect("1.1")
    with person.mishap("wrong-password", "1.2", "パスワードを間違える", "A wrong password"):
        person.log_in(account["userID"], "not the password")
        person.complaint()
    with person.step("1.2") as step:
        person.open("/login")
        person.type("userID", account["userID"])
        person.type("password", account["password"])
        step.look()
        person.submit("/login")
        person.expect("1.3")
    with person.mishap("wrong-birth-date", "1.3", "生年月日を間違える", "A wrong date of birth"):
        person.type_date("dateOfBirth", "1980-01-24")
        person.submit("/first-login/date-of-birth")
        person.complaint()
    with person.step("1.3") as step:
        person.open("/")
        person.type_date("dateOfBirth", account["dateOfBirth"])
        step.look()
        person.submit("/first-login/date-of-birth")
        person.expect("1.4")
    with person.mishap("terms-refused", "1.4", "利用規約に同意しない", "The terms are refused"):
        person.submit("/first-login/terms", "[value=refuse]")
        person.complaint()
    with person.step("1.4") as step:
        person.open("/")
        step.look()
        person.submit("/first-login/terms", "[value=accept]")
        person.expect("1.5")
    before = len(portal.mails())
    with person.step("1.5") as step:
        person.type("mailAddress", MAIL_ADDRESS)
        step.look()
        person.submit("/first-login/mail-address")
        person.expect("1.7")
    with person.mishap("mail-unconfirmed", "1.7", "メールを確認せずに更新する", "Refreshed before the mail is confirmed"):
        person.submit("/first-login/mail-confirmation", "button.primary")
        person.complaint()
    link = portal.link(portal.newest_mail(before))
    with portal.later(minutes=25 * 60):
        with person.mishap("mail-link-expired", "1.6", "確認用リンクの期限が切れる", "The link of the mail has expired"):
            person.open(link)
            person.complaint()
    person.open("/")
    person.expect("1.7")
    first_tab = person.browser.current_window_handle
    person.browser.switch_to.new_window("tab")
    with person.step("1.6") as step:
        person.open("/mail")
        person.find(f"a[href$='{link.removeprefix(person.url)}']")
        step.look()
        person.click(f"a[href$='{link.removeprefix(person.url)}']")
        person.expect("1.6")
        person.submit(link.removeprefix(person.url))
        assert person.message(), "the address is not confirmed"
    with person.mishap("mail-link-reused", "1.6", "確認用リンクをもう一度使う", "The link of the mail is used again"):
        person.open(link)
        person.complaint()
    person.browser.close()
    person.browser.switch_to.window(first_tab)
    with person.step("1.7") as step:
        person.submit("/first-login/mail-confirmation", "button.primary")
        person.expect("1.8")
    with person.step("1.8") as step:
        person.click("#choice-passkey")
        step.look()
        person.submit("/first-login/method")
        person.expect("1.9")
    with person.step("1.9") as step:
        person.type("newPassword", NEW_PASSWORD)
        person.type("repeatedPassword", NEW_PASSWORD)
        step.look()
        person.submit("/first-login/password")
        person.expect("1.10")
    with person.step("1.10"):
        person.browser.refresh()
        person.expect("1.10")
    with person.step("1.11"):
        person.log_out()


def biometrics_on_the_pc(person: Person) -> None:
    """Chapter 2-1, with the reader of the PC, which Chromium on Linux meets as a security key."""
    stage = person.stage
    with person.step("2-1.1") as step:
        person.open("/login")
        person.type("userID", "demo-new")
        person.type("password", NEW_PASSWORD)
        step.look()
        person.submit("/login")
        person.expect("2-1.2")
    with stage.question("pc") as wait_until_asked:
        with person.step("2-1.2") as step:
            step.look(*PRESSES_OTHER)
            screen = stage.screen.pixels()
            person.click("button[data-attachment='cross-platform']")
            wait_until_asked()
        with person.step("2-1.3") as step:
            stage.screen.wait_for_change(screen, PATIENCE)
            step.look(
                "ブラウザが生体認証を求めています（Linuxでは読み取り装置がセキュリティ キーとして表示されます）。",
                "The browser asks for the biometrics (on Linux it calls the reader a security key).",
            )
    with person.step("2-1.4"):
        person.expect("2-1.6")
    with person.step("2-1.5"):
        person.browser.refresh()
        person.expect("2-1.6")
    name = {"ja": "自宅のパソコン", "en": "PC at home"}[person.language]
    with person.step("2-1.6"):
        person.type("name", name)
    with person.step("2-1.7"):
        person.submit("/passkeys/name")
        person.expect("2-1.8")
    with person.step("2-1.8"):
        person.browser.refresh()
        assert name in person.text(".passkeys")
        person.expect("2-1.8")
    person.log_out()


def biometrics_on_the_phone(person: Person, bridge: str | None = None) -> None:
    """Chapter 2-2: the account has the PC's passkey by now, which proves who adds the phone."""
    stage = person.stage
    person.open("/")
    with person.step("2-2.1") as step:
        person.type("userID", "demo-new")
        person.type("password", NEW_PASSWORD)
        step.look()
        person.submit("/login")
        person.expect("x.2")
        person.click("[data-ceremony] button")
        person.expect("2-2.5")
    stage.unplug("pc")
    if bridge:
        stage.plug(bridge)
    with stage.question("phone") as wait_until_asked:
        with person.step("2-2.2") as step:
            person.open("/passkeys/new")
            person.expect("2-2.2")
            screen = stage.screen.pixels()
            person.click("button[data-attachment='cross-platform']")
            stage.screen.wait_for_change(screen, PATIENCE)
            step.look(*(ASKS_FOR_KEY if bridge else SHOWS_CODE))
        with person.step("2-2.3") as step:
            stage.plug("phone")
            wait_until_asked()
            step.look("スマートフォンが本人を確認しています。", "The phone verifies its user.")
    stage.unplug("phone")
    name = {"ja": "花子のスマートフォン", "en": "Hanako's phone"}[person.language]
    with person.step("2-2.4") as step:
        person.expect("2-2.4")
        person.type("name", name)
        step.look()
        person.submit("/passkeys/name")
    with person.step("2-2.5"):
        person.expect("2-2.5")
        assert name in person.text(".passkeys")
    person.log_out()


def login_by_phone(person: Person, bridge: str | None = None) -> None:
    """★: the PC shows a QR code, the phone scans it."""
    stage = person.stage
    with person.step("x.1") as step:
        person.type("userID", "demo-new")
        person.type("password", NEW_PASSWORD)
        step.look()
        person.submit("/login")
        person.expect("x.2")
    with stage.question("phone") as wait_until_asked:
        with person.step("x.2") as step:
            step.look()
            screen = stage.screen.pixels()
            person.click("[data-ceremony] button")
        with person.step("x.3") as step:
            stage.screen.wait_for_change(screen, PATIENCE)
            step.look(*(ASKS_FOR_KEY if bridge else SHOWS_CODE))
        with person.step("x.4") as step:
            stage.plug("phone")
            wait_until_asked()
            step.look(
                "スマートフォンが本人を確認しています。Bluetoothが両方の近さを確かめました。",
                "The phone verifies its user; Bluetooth has shown that both are near.",
            )
    with person.step("x.5"):
        person.expect("x.5")
    person.log_out()
