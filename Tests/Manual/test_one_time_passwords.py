"""One-time passwords by app and by mail, in Chromium: chapters b and c, and codes that are wrong, expired or used again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
import urllib.parse

import pytest

from browser_run import PHONE_PROGRAMS, reason_to_skip
from journal import Journal
from languages import in_each_language
from person import Person, sitting_at
from stage import serving, staging

REASON = reason_to_skip("chromium", "chromedriver", "xdotool", *PHONE_PROGRAMS, keys=True)
pytestmark = pytest.mark.skipif(REASON is not None, reason=REASON or "")

#: How long a code of the app is good, in seconds.
PERIOD = 30


class App:
    """An authenticator app: HOTP of the present half minute (RFC 4226, RFC 6238)."""

    def __init__(self, uri: str):
        parts = urllib.parse.urlsplit(uri)
        assert (parts.scheme, parts.netloc) == ("otpauth", "totp"), uri
        self.options = dict(urllib.parse.parse_qsl(parts.query))
        assert self.options.get("algorithm", "SHA1") == "SHA1" and self.options.get("digits", "6") == "6", uri
        secret = self.options["secret"]
        self._secret = base64.b32decode(secret + "=" * (-len(secret) % 8))

    def code(self, counter: int) -> str:
        digest = hmac.digest(self._secret, counter.to_bytes(8, "big"), hashlib.sha1)
        at = digest[-1] & 15
        return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def counter() -> int:
    return int(time.time()) // PERIOD


def other(code: str) -> str:
    """A code that is surely wrong."""
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_one_time_passwords(journal):
    in_each_language(use_one_time_passwords, journal)


def use_one_time_passwords(journal: Journal, language: str) -> None:
    with serving() as (place, portal), staging(place, portal, "--key", "platform,name=pc") as stage:
        with sitting_at(stage, journal, language) as person:
            codes_of_the_app(person)
            codes_by_mail(person)


def enter(person: Person, code: str, action: str) -> None:
    person.type("code", code)
    person.submit(action)


def refused(person: Person, code: str, action: str) -> None:
    enter(person, code, action)
    person.complaint()


def codes_of_the_app(person: Person) -> None:
    """Chapter b."""
    portal, action = person.stage.portal, "/login/one-time-password"
    person.open("/login")
    person.log_in("demo", portal.password)
    person.open("/settings/method")
    person.click("#choice-totp")
    person.submit("/settings/method")
    with person.step("b.1"):
        person.expect("b.1")
        app = App(person.find(".app-link a").get_attribute("href"))
    with person.mishap("app-wrong-at-set-up", "b.2", "アプリの登録時にコードを間違える", "A wrong code while the app is set up"):
        refused(person, other(app.code(counter())), "/one-time-password/set-up")
    used = counter()
    with person.step("b.2") as step:
        person.browser.get(person.browser.current_url)
        person.type("code", app.code(used))
        step.look()
        person.submit("/one-time-password/set-up")
        person.expect("2-1.8")
    person.log_out()
    person.log_in("demo", portal.password)
    person.expect("b.3")
    with person.mishap("app-wrong", "b.3", "アプリのコードを間違える", "A wrong code of the app"):
        refused(person, other(app.code(counter())), action)
    with person.mishap("app-expired", "b.3", "期限の切れたアプリのコード", "A code of the app that has expired"):
        refused(person, app.code(counter() - 10), action)
    with person.mishap("app-replayed", "b.3", "アプリのコードをもう一度使う", "A code of the app is used again"):
        refused(person, app.code(used), action)
    with person.step("b.3") as step:
        person.open(action)
        # The portal takes the next code too, as of a phone whose clock is fast.
        person.type("code", app.code(max(used + 1, counter())))
        step.look()
        person.submit(action)
    with person.step("b.4"):
        person.expect("2-1.8")


def code_of(mail: str) -> str:
    (code,) = re.findall(r"^\s*(\d{6})\s*$", mail, re.MULTILINE)
    return code


def codes_by_mail(person: Person) -> None:
    """Chapter c."""
    portal, action = person.stage.portal, "/login/mail-code"
    person.open("/settings/method")
    person.click("#choice-mail")
    person.submit("/settings/method")
    person.open("/")
    person.log_out()
    mails = len(portal.mails())
    person.log_in("demo", portal.password)
    person.expect("c.1")
    code = code_of(portal.newest_mail(mails))
    with person.mishap("mail-code-wrong", "c.1", "メールのコードを間違える", "A wrong code of the mail"):
        refused(person, other(code), action)
    with portal.later(minutes=11), person.mishap("mail-code-expired", "c.1", "期限の切れたメールのコード", "A code of the mail that has expired"):
        refused(person, code, action)
    mails = len(portal.mails())
    person.submit(action + "/send")
    code = code_of(portal.newest_mail(mails))
    with person.step("c.1") as step:
        person.type("code", code)
        step.look()
        person.submit(action)
    with person.step("c.2"):
        person.expect("2-1.8")
    person.log_out()
    person.log_in("demo", portal.password)
    person.expect("c.1")
    with person.mishap("mail-code-reused", "c.1", "メールのコードをもう一度使う", "A code of the mail is used again"):
        refused(person, code, action)
