"""What goes wrong with passkeys, in Chromium: each way leads to a screen that says so, and the account stays as it was."""

from __future__ import annotations

import contextlib
from typing import Iterator

import pytest

from browser_run import PHONE_PROGRAMS, reason_to_skip
from journal import Journal
from languages import in_each_language
from person import Person, sitting_at
from stage import APPROVES, DENIES, FAILS, IGNORES, PATIENCE, Portal, Stage, serving, staging

REASON = reason_to_skip("chromium", "chromedriver", "xdotool", *PHONE_PROGRAMS, keys=True)
pytestmark = pytest.mark.skipif(REASON is not None, reason=REASON or "")

READER = ("--key", "platform,name=pc,store=PLACE/reader.sqlite,gate=exec:PLACE/gate")
REGISTER, LOG_IN = "button[data-attachment='cross-platform']", "[data-ceremony='authentication'] button"


@contextlib.contextmanager
def logged_in(stage: Stage, journal: Journal, language: str) -> Iterator[Person]:
    """A person in front of a Chromium of the stage, who has entered the password."""
    with sitting_at(stage, journal, language) as person:
        person.open("/login")
        person.log_in("demo", stage.portal.password)
        yield person


def state(portal: Portal) -> list:
    """What the portal knows of the account and its passkeys; nothing that goes wrong may change it."""
    return [
        portal.ask("SELECT userID, passwordHash, firstLoginStep, mailAddress, method FROM account ORDER BY userID"),
        portal.ask("SELECT credentialID, name FROM passkey ORDER BY credentialID"),
    ]


@contextlib.contextmanager
def changing_nothing(portal: Portal) -> Iterator[None]:
    before = state(portal)
    yield
    assert state(portal) == before, "the account has changed"


def give_up(person: Person) -> None:
    """Closes the browser's dialog, and waits until the portal says that nothing came of it."""
    person.stage.press("Escape")
    person.complaint()


@contextlib.contextmanager
def asking(person: Person, device: str, button: str, answer: str, *, scan: bool = False) -> Iterator[bytes]:
    """Starts a ceremony, and lets the person at a device answer at the end; yields the screen that asks them."""
    stage = person.stage
    with stage.question(device, answer) as wait_until_asked:
        page = stage.screen.pixels()
        person.click(button)
        stage.screen.wait_for_change(page, PATIENCE)
        if scan:
            stage.plug(device)
        wait_until_asked()
        stage.screen.wait_until_still()
        yield stage.screen.pixels()
    if scan:
        stage.unplug(device)


def test_the_reader_of_the_pc(journal):
    in_each_language(use_the_reader, journal)


def use_the_reader(journal: Journal, language: str) -> None:
    with serving() as (place, portal), staging(place, portal, *READER) as stage:
        with logged_in(stage, journal, language) as person, changing_nothing(portal):
            person.expect("2-1.2")
            reader_declines(person)
            reader_waits_in_vain(person)
            reader_locks(person)
            password_locks(person)


def reader_declines(person: Person) -> None:
    with asking(person, "pc", REGISTER, DENIES) as screen:
        pass
    with person.mishap("reader-declines", "2-1.3", "生体認証を断る", "The biometrics are declined") as step:
        person.stage.screen.wait_for_change(screen, PATIENCE)
        step.look(
            "ブラウザは、もう一度試すか取り消すかをたずねます。",
            "The browser asks whether to try again or to give up.",
        )
    with person.mishap("reader-given-up", "2-1.3", "断ったあとで取り消す", "Declined, and given up"):
        give_up(person)


def reader_waits_in_vain(person: Person) -> None:
    """Chromium goes on asking a reader whose time is up, until the person closes its dialog."""
    before = len(person.stage.events.all)
    with asking(person, "pc", REGISTER, IGNORES):
        pass
    person.stage.events.wait_for("user", before, PATIENCE, decision="timedOut")
    with person.mishap("reader-times-out", "2-1.3", "生体認証が時間切れになる", "The biometrics time out"):
        give_up(person)


def reader_locks(person: Person) -> None:
    with asking(person, "pc", REGISTER, FAILS) as screen:
        pass
    with person.mishap("reader-locks", "2-1.3", "読み取りに何度も失敗し、ロックされる", "Locked after too many failures") as step:
        person.stage.screen.wait_for_change(screen, PATIENCE)
        step.look("ブラウザは、この装置が使えないことを知らせます。", "The browser says that this device cannot be used.")
    give_up(person)


def password_locks(person: Person) -> None:
    person.log_out()
    with person.mishap("password-locks", "1.2", "パスワードを何度も間違える", "Too many wrong passwords"):
        for _ in range(6):
            person.log_in("demo", "not the password")
            person.complaint()
        assert any(digit in person.message() for digit in "123456789"), person.message()


def test_the_phone(journal):
    in_each_language(use_the_phone, journal)


def use_the_phone(journal: Journal, language: str) -> None:
    devices = [f"name={name},store=PLACE/{name}.sqlite,gate=exec:PLACE/gate,away" for name in ("phone", "other")]
    devices.append("name=far,out-of-range,away")
    with serving() as (place, portal):
        phones = [word for device in devices for word in ("--phone", device)]
        with staging(place, portal, *phones) as stage, logged_in(stage, journal, language) as person:
            register_the_phone(person)
            with changing_nothing(portal):
                phone_has_it_already(person)
                person.log_out()
                person.log_in("demo", portal.password)
                person.expect("x.2")
                phone_declines(person)
                phone_waits_in_vain(person)
                phone_is_out_of_range(person)
                code_expires(person)
                removed_from_the_phone(person)
        for option, value, mishap in (("--adapter", "off", adapter_is_off), ("--tunnel", "refuses", tunnel_refuses)):
            with staging(place, portal, "--phone", devices[0], option, value) as stage:
                with logged_in(stage, journal, language) as person, changing_nothing(portal):
                    person.expect("x.2")
                    mishap(person)
        with staging(place, portal, "--phone", devices[0]) as stage, logged_in(stage, journal, language) as person:
            person.expect("x.2")
            removed_from_the_portal(person)


def register_the_phone(person: Person) -> None:
    person.expect("2-1.2")
    with asking(person, "phone", REGISTER, APPROVES, scan=True):
        pass
    person.expect("2-1.6")
    person.submit("/passkeys/name")
    person.expect("2-1.8")


def phone_has_it_already(person: Person) -> None:
    person.open("/passkeys/new")
    with asking(person, "phone", REGISTER, APPROVES, scan=True):
        pass
    with person.mishap("already-registered", "2-2.3", "同じ端末をもう一度登録する", "The same device is registered again"):
        person.complaint()


def phone_declines(person: Person) -> None:
    with asking(person, "phone", LOG_IN, DENIES, scan=True):
        pass
    with person.mishap("phone-declines", "x.4", "スマートフォンで断る", "The phone's user declines"):
        person.complaint()


def phone_waits_in_vain(person: Person) -> None:
    with asking(person, "phone", LOG_IN, IGNORES, scan=True):
        pass
    with person.mishap("phone-times-out", "x.4", "スマートフォンで応答しない", "The phone's user does not react"):
        person.complaint()


def scanned_in_vain(person: Person, phone: str, event: str) -> None:
    """A phone scans the code, and the browser waits for it in vain."""
    stage = person.stage
    before = len(stage.events.all)
    page = stage.screen.pixels()
    person.click(LOG_IN)
    stage.screen.wait_for_change(page, PATIENCE)
    stage.plug(phone)
    stage.events.wait_for(event, before, PATIENCE)
    stage.unplug(phone)


def phone_is_out_of_range(person: Person) -> None:
    scanned_in_vain(person, "far", "out-of-range")
    with person.mishap("out-of-range", "x.4", "スマートフォンが遠すぎる", "The phone is out of range") as step:
        step.look(
            "読み取っても、Bluetoothが届かないため先へ進みません。取り消して、近づけてからやり直します。",
            "It has scanned the code, but Bluetooth does not reach: cancel, come nearer, and try again.",
        )
    give_up(person)


def code_expires(person: Person) -> None:
    with contextlib.ExitStack() as time:
        with asking(person, "phone", LOG_IN, APPROVES, scan=True):
            # Passes while the phone's user thinks.
            time.enter_context(person.stage.portal.later(minutes=10))
        with person.mishap("code-expired", "x.4", "二次元コードの期限が切れる", "The QR code has expired"):
            person.complaint()


def removed_from_the_phone(person: Person) -> None:
    """Another phone stands in for one whose user has removed the passkey."""
    page = person.stage.screen.pixels()
    person.click(LOG_IN)
    person.stage.screen.wait_for_change(page, PATIENCE)
    person.stage.plug("other")
    with person.mishap("removed-on-phone", "x.4", "パスキーをスマートフォンだけから削除", "The passkey is removed on the phone only"):
        person.complaint()
    person.stage.unplug("other")


def adapter_is_off(person: Person) -> None:
    page = person.stage.screen.pixels()
    person.click(LOG_IN)
    with person.mishap("bluetooth-off", "x.3", "Bluetoothがオフ", "Bluetooth is off") as step:
        person.stage.screen.wait_for_change(page, PATIENCE)
        step.look("ブラウザは、Bluetoothをオンにするよう求めます。", "The browser asks to turn Bluetooth on.")
    give_up(person)


def tunnel_refuses(person: Person) -> None:
    scanned_in_vain(person, "phone", "tunnel-refused")
    with person.mishap("tunnel-refused", "x.4", "中継サーバに接続できない", "The tunnel service cannot be reached") as step:
        step.look(
            "ブラウザはスマートフォンに接続できません。取り消して、通信を確認します。",
            "The browser does not reach the phone: cancel, and check the network.",
        )
    give_up(person)


def removed_from_the_portal(person: Person) -> None:
    """The last passkey stays, until there is another way in; then it goes, and the phone does not know."""
    with asking(person, "phone", LOG_IN, APPROVES, scan=True):
        pass
    person.expect("2-1.8")
    person.open("/settings/passkeys")
    person.click("a[href^='/settings/passkeys/']")
    removal = person.find("a[href$='/removal']").get_attribute("href").removeprefix(person.url)
    with person.mishap("last-passkey", "x.5", "最後のパスキーを削除する", "The last passkey is to be removed"):
        person.open(removal)
        person.complaint()
    person.open("/settings/method")
    person.click("#choice-mail")
    person.submit("/settings/method")
    person.open(removal)
    person.submit(removal)
    person.open("/login")
    with asking(person, "phone", LOG_IN, APPROVES, scan=True):
        pass
    with person.mishap("removed-at-portal", "x.4", "パスキーをポータルだけから削除", "The passkey is removed at the portal only"):
        person.complaint()
