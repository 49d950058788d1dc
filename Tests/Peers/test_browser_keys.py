"""Real browsers and security keys: Chromium without a window, Firefox on a virtual screen, several keys, hot-plug."""

from __future__ import annotations

import pytest

from browser_page import Pending
from browser_run import PHONE_PROGRAMS, Browser, browsing, headless, reason_to_skip

DENIED, ABORTED = "NotAllowedError", "AbortError"


def browser_parameter(name: str, program: str, options: dict):
    reason = reason_to_skip(program, "Xvfb", keys=True)
    return pytest.param(options, id=name, marks=pytest.mark.skipif(reason is not None, reason=reason or ""))


BROWSERS = [
    browser_parameter("chromium", "chromium", {"command": headless}),
    browser_parameter("firefox", "firefox-esr", {"browser": "firefox"}),
]
every_browser = pytest.mark.parametrize("program", BROWSERS)
chromium_only = pytest.mark.parametrize("program", BROWSERS[:1])
firefox_only = pytest.mark.parametrize("program", BROWSERS[1:])


def touched(browser: Browser, after: int) -> list[str]:
    """The keys that were touched, in this order; at least one was, though the page may know before its line is read."""
    browser.events.wait_for("user", after, decision="approved")
    return [event["device"] for event in browser.events.all[after:] if event.get("decision") == "approved"]


def settle(pending: Pending, program: dict) -> str | None:
    """The error that the page gets from Firefox; Chromium shows it in a dialog until the page aborts."""
    if "browser" in program:
        return pending.result(15).error
    if pending.is_pending(1):
        pending.abort()
        assert pending.result(10).error == ABORTED
        return "InvalidStateError" if pending.kind == "create" and pending.excluded else DENIED
    return pending.result(1).error


KEYS = {
    "security-key": ("security-key", ["discouraged", "preferred", "required"]),
    "platform": ("platform", ["discouraged", "preferred", "required"]),
    "presence-only": ("presence-only", ["discouraged", "preferred"]),
}


@every_browser
@pytest.mark.parametrize("key, verifications", KEYS.values(), ids=KEYS)
def test_create_and_get(program, key, verifications):
    with browsing("--key", key, **program) as browser:
        for verification in verifications:
            # What is not discoverable Chromium makes without verification, see below.
            kind = "required" if verification == "required" else "discouraged"
            outcome = browser.create(residentKey=kind, userVerification=verification)
            assert outcome.error is None, (verification, outcome)
            outcome = browser.get(allowed=browser.page.credentials[-1:], userVerification=verification)
            assert outcome.error is None, (verification, outcome)


@every_browser
def test_verification_is_done_where_it_is_required(program):
    with browsing("--key", **program) as browser:
        outcome = browser.create(residentKey="discouraged", userVerification="required")
        assert outcome.error is None, outcome


@every_browser
@pytest.mark.parametrize("kind", ["required", "discouraged"])
def test_exclude_credentials(program, kind):
    with browsing("--key", **program) as browser:
        assert browser.create(residentKey=kind).error is None
        before = len(browser.events.all)
        pending = browser.page.create(residentKey=kind, excluded=browser.page.credentials)
        browser.events.wait_for("user", before)
        assert settle(pending, program) == "InvalidStateError"
        assert browser.create(residentKey=kind).error is None


@every_browser
def test_a_passkey_on_a_key(program):
    with browsing("--key", **program) as browser:
        assert browser.create(residentKey="required", extensions={"credProps": True}).extension("credProps") == {
            "rk": True
        }
        assert browser.get(allowed=browser.page.credentials).error is None
        if "browser" in program:
            # Chromium would show which account there is, and wait for a click.
            assert browser.get().error is None


@every_browser
def test_pseudo_random_function(program):
    evaluation = {"prf": {"eval": {"first": "AAAA"}}}
    with browsing("--key", **program) as browser:
        outcome = browser.create(residentKey="required", extensions={"prf": {}})
        assert outcome.error is None, outcome
        assert outcome.extension("prf")["enabled"]
        results = []
        for _ in range(2):
            outcome = browser.get(allowed=browser.page.credentials, extensions=evaluation)
            assert outcome.error is None, outcome
            results.append((outcome.extension("prf") or {}).get("results"))
        assert results[0] == results[1] and results[0]["first"], results


@chromium_only
@pytest.mark.parametrize("keys, kind", [(2, "discouraged"), (3, "discouraged"), (2, "required")])
def test_the_key_with_the_passkey_is_touched(program, keys, kind):
    names = [f"key {number}" for number in range(keys)]
    with browsing(*(part for name in names for part in ("--key", "name=" + name)), **program) as browser:
        for number, name in enumerate(names):
            before = len(browser.events.all)
            outcome = browser.create(residentKey=kind, excluded=browser.page.credentials[:number])
            assert outcome.error is None, (name, outcome)
            browser.events.wait_for("user", before, decision="approved", device=name)
        for name, credential in list(zip(names, browser.page.credentials, strict=True))[::-1]:
            before = len(browser.events.all)
            outcome = browser.get(allowed=[credential])
            assert outcome.error is None, (name, outcome)
            browser.events.wait_for("user", before, decision="approved", device=name)


@chromium_only
def test_a_person_who_declines(program):
    with browsing("--key", "gate=deny", **program) as browser:
        for _ in range(2):
            before = len(browser.events.all)
            pending = browser.page.create()
            browser.events.wait_for("user", before, decision="denied")
            assert settle(pending, program) == DENIED


# Firefox asks a key that verifies users again and again when they decline.
@firefox_only
def test_firefox_takes_no_for_an_answer(program):
    with browsing("--key", "gate=deny", **program) as browser:
        pending = browser.page.create()
        browser.events.wait_for("user", decision="denied")
        if pending.is_pending(2):
            asked = browser.events.count("asked")
            pending.abort()
            assert pending.result(10).error == ABORTED
            assert asked < 10, asked


@every_browser
def test_a_person_who_does_not_react(program):
    with browsing("--key", "name=mine,gate=ignore", "--key", "name=other,unplugged", **program) as browser:
        before = len(browser.events.all)
        pending = browser.page.create()
        browser.events.wait_for("asked", before)
        pending.abort()
        assert pending.result(10).error == ABORTED
        browser.unplug("mine")
        browser.plug("other")
        assert browser.create().error is None


# Hot-plug


@every_browser
def test_plugged_in_while_the_browser_waits(program):
    with browsing("--key", "name=mine,unplugged", **program) as browser:
        pending = browser.page.create()
        assert pending.is_pending(1), pending.result(1)
        browser.plug("mine")
        assert pending.result(15).error is None
        passkey = browser.page.credentials[:1]
        for _ in range(2):
            browser.unplug("mine")
            pending = browser.page.get(allowed=passkey)
            assert pending.is_pending(1), pending.result(1)
            browser.plug("mine")
            assert pending.result(15).error is None
        assert browser.get(allowed=passkey).error is None


@every_browser
def test_taken_out_while_the_browser_waits(program):
    with browsing("--key", "name=mine,gate=ignore", "--key", "name=other,unplugged", **program) as browser:
        pending = browser.page.create()
        browser.events.wait_for("asked", device="mine")
        browser.unplug("mine")
        decision = browser.events.wait_for("user", device="mine")
        assert decision["decision"] == "cancelled"
        if pending.is_pending(1):
            browser.plug("other")
        outcome = pending.result(15)
        assert outcome.error in (None, DENIED), outcome
        if outcome.error:
            browser.plug("other")
        assert browser.create().error is None


@every_browser
def test_one_key_after_another(program):
    with browsing("--key", "name=one", "--key", "name=two,unplugged", **program) as browser:
        assert browser.create().error is None
        for name, other in [("two", "one"), ("one", "two")] * 3:
            browser.unplug(other)
            browser.plug(name)
            before = len(browser.events.all)
            assert browser.create().error is None
            assert touched(browser, before) == [name]


# A phone behind a key


@pytest.mark.parametrize(
    "devices", [[], ["--key", "phone", "--phone"], ["--phone", "name=mine"]], ids=["none", "both", "phone"]
)
@firefox_only
def test_a_phone_behind_a_key(program, devices):
    if reason := reason_to_skip(*PHONE_PROGRAMS):
        pytest.skip(reason)
    with browsing(*devices, **program) as browser:
        for residentKey in ("discouraged", "required"):
            outcome = browser.create(residentKey=residentKey)
            assert outcome.error is None, outcome
            outcome = browser.get(allowed=browser.page.credentials[-1:])
            assert outcome.error is None, outcome
        assert browser.get().error is None
        assert browser.create(excluded=browser.page.credentials).error == "InvalidStateError"
        assert browser.create().error is None


@pytest.mark.parametrize("gate", ["deny", "ignore"])
@firefox_only
def test_a_phone_behind_a_key_whose_person_does_not_approve(program, gate):
    if reason := reason_to_skip(*PHONE_PROGRAMS):
        pytest.skip(reason)
    with browsing("--phone", f"name=bad,gate={gate}", "--phone", "name=good,away", **program) as browser:
        pending = browser.page.create()
        browser.events.wait_for("asked")
        assert pending.is_pending(1), pending.result(1)
        asked = browser.events.count("asked")
        pending.abort()
        assert pending.result(20).error == ABORTED
        assert asked < 10, asked
        browser.plug("good")
        assert browser.create().error is None
