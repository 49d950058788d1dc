"""Real browsers and a phone by QR code: ``aikagi browser``, the page's own calls, python-fido2 as the relying party.

What keys do is in test_browser_keys.py, sessions and what they leave behind in test_browser_sessions.py.
"""

from __future__ import annotations

import subprocess

import pytest

from browser_run import PHONE_PROGRAMS, Browser, browsing, reason_to_skip, root_flags, wait_until

REASON = reason_to_skip("chromium", *PHONE_PROGRAMS)
pytestmark = pytest.mark.skipif(REASON is not None, reason=REASON or "")

#: The events of a ceremony with a phone that does what it should.
LEGS = ["discovering", "scanned", "tunnel-open", "advertising", "handshake", "request", "asked", "user", "response"]


@pytest.fixture(scope="module")
def browser():
    """A Chromium and a phone that has a passkey for the page, for all tests in which nothing goes wrong."""
    with browsing() as browser:
        outcome = browser.create(residentKey="required")
        assert outcome.error is None, outcome
        yield browser


def legs(browser: Browser, after: int) -> list[str]:
    """The legs of one ceremony, in the order of their events; the page may know of its end before we do."""
    browser.events.wait_for("discovering", after)
    start = after + browser.events.names(after).index("discovering")
    browser.events.wait_for("response", start)
    return [name for name in browser.events.names(start) if name in LEGS]


CREATIONS = {
    "plain": {},
    "key-required-uv-required": {"residentKey": "required", "userVerification": "required"},
    "key-required-uv-preferred": {"residentKey": "required", "userVerification": "preferred"},
    "key-required-uv-discouraged": {"residentKey": "required", "userVerification": "discouraged"},
    "key-preferred": {"residentKey": "preferred"},
    "key-discouraged-uv-required": {"residentKey": "discouraged", "userVerification": "required"},
    "key-discouraged-uv-discouraged": {"residentKey": "discouraged", "userVerification": "discouraged"},
    "cross-platform": {"authenticatorAttachment": "cross-platform"},
    # With a hint and no passkey wanted Chromium asks first which kind of device it is to be.
    "hint": {"residentKey": "required", "hints": ["hybrid"]},
    "hint-cross-platform": {
        "residentKey": "required",
        "hints": ["hybrid"],
        "authenticatorAttachment": "cross-platform",
    },
    "attestation-direct": {"residentKey": "required", "attestation": "direct"},
    "props": {"residentKey": "required", "extensions": {"credProps": True}},
}


@pytest.mark.parametrize("options", CREATIONS.values(), ids=CREATIONS)
def test_create(browser, options):
    before = len(browser.events.all)
    outcome = browser.create(**options)
    assert outcome.error is None, outcome
    assert outcome.credential["authenticatorAttachment"] == "cross-platform"
    assert set(outcome.credential["response"]["transports"]) == {"hybrid", "internal"}
    assert legs(browser, before) == LEGS
    if "extensions" in options:
        assert outcome.extension("credProps") == {"rk": True}


GETS = {
    "allow-list": {"allowed": True},
    "allow-list-uv-required": {"allowed": True, "userVerification": "required"},
    "allow-list-uv-discouraged": {"allowed": True, "userVerification": "discouraged"},
    "allow-list-hint": {"allowed": True, "hints": ["hybrid"]},
    "no-list": {},
    "no-list-uv-required": {"userVerification": "required"},
    "no-list-hint": {"hints": ["hybrid"]},
}


@pytest.mark.parametrize("options", GETS.values(), ids=GETS)
def test_get(browser, options):
    before = len(browser.events.all)
    allowed = browser.page.credentials[:1] if options.get("allowed") else None
    outcome = browser.get(**options | {"allowed": allowed})
    assert outcome.error is None, outcome
    assert legs(browser, before) == LEGS


def test_get_with_a_passkey_that_the_phone_does_not_have(browser):
    stranger = {"type": "public-key", "id": "AAAAAAAAAAAAAAAAAAAAAA"}
    outcome = browser.get(allowCredentials=[stranger])
    assert outcome.error == "NotAllowedError", outcome
    assert browser.get().error is None


def test_exclude_credentials(browser):
    for residentKey in ("required", "discouraged"):
        outcome = browser.create(residentKey=residentKey, excluded=browser.page.credentials[:1])
        assert outcome.error == "InvalidStateError", outcome
    assert browser.create().error is None


def test_pseudo_random_function(browser):
    first = {"eval": {"first": "AAAA"}}
    outcome = browser.create(residentKey="required", extensions={"prf": first})
    assert outcome.error is None, outcome
    if not (outcome.extension("prf") or {}).get("enabled"):
        pytest.skip("the phone has no prf extension")
    passkey = browser.page.credentials[-1:]

    def results(evaluate: dict) -> dict:
        outcome = browser.get(allowed=passkey, extensions={"prf": {"eval": evaluate}})
        assert outcome.error is None, outcome
        return outcome.extension("prf")["results"]

    once = results({"first": "AAAA"})
    assert results({"first": "AAAA"}) == once
    both = results({"first": "BBBB", "second": "AAAA"})
    assert both["second"] == once["first"] != both["first"]
    made = outcome.extension("prf").get("results")
    assert made is None or made == once


# What goes wrong

DENIED, ABORTED = "NotAllowedError", "AbortError"

#: The phone, the event after which the page aborts (or none: the browser ends by itself), the page's error.
FAILURES = {
    "deny": ("gate=deny", None, DENIED),
    "ignore": ("gate=ignore", "asked", ABORTED),
    "away": ("away", "discovering", ABORTED),
    "out-of-range": ("out-of-range", "advertising", ABORTED),
    "late": ("scan-after=3600", "scanned", ABORTED),
    "hang-up-tunnel": ("hang-up=tunnel", "hung-up", ABORTED),
    # Chromium's dialog stays as long as the phone has not said what it can do.
    "hang-up-handshake": ("hang-up=handshake", "hung-up", ABORTED),
    "hang-up-request": ("hang-up=request", None, DENIED),
    "hang-up-response": ("hang-up=response", None, DENIED),
}


@pytest.mark.parametrize("kind", ["create", "get"])
@pytest.mark.parametrize("phone, event, error", FAILURES.values(), ids=FAILURES)
def test_a_failure_and_then_a_success(phone, event, error, kind):
    with browsing("--phone", "name=good", "--phone", f"name=bad,{phone}") as browser:
        assert browser.create(residentKey="required").error is None
        browser.unplug("good")
        if phone != "away":
            browser.plug("bad")
        before = len(browser.events.all)
        if kind == "create":
            pending = browser.page.create(residentKey="required")
        elif phone == "gate=deny":
            # A phone without a passkey does not ask; this one gets it first.
            pending = browser.page.create(residentKey="required", excluded=browser.page.credentials)
        else:
            pending = browser.page.get()
        if event:
            browser.events.wait_for(event, before)
            assert pending.is_pending(0.3), pending.result(1)
            pending.abort()
        assert pending.result(20).error == error
        browser.plug("good")
        assert browser.get().error is None
        assert browser.create().error is None


@pytest.mark.parametrize("tunnel", ["refuses", "silent"])
def test_the_way_to_the_tunnel_service_is_blocked(tunnel):
    with browsing("--phone", "--tunnel", tunnel) as browser:
        for _ in range(2):
            before = len(browser.events.all)
            pending = browser.page.create()
            browser.events.wait_for("advertising", before)
            assert pending.is_pending(0.5), pending.result(1)
            pending.abort()
            assert pending.result(10).error == ABORTED
        assert "handshake" not in browser.events.names()


#: Devices, and the event that says why nothing comes of it.
REASONS = {
    "deny": (["--phone", "gate=deny"], "user", {"decision": "denied"}),
    "hang-up": (["--phone", "hang-up=handshake"], "hung-up", {}),
    "out-of-range": (["--phone", "out-of-range"], "out-of-range", {}),
    "refuses": (["--phone", "--tunnel", "refuses"], "tunnel-refused", {}),
    "silent": (["--phone", "--tunnel", "silent"], "tunnel-silent", {}),
    "off": (["--phone", "--adapter", "off"], "adapter-off", {}),
}


@pytest.mark.parametrize("devices, event, fields", REASONS.values(), ids=REASONS)
def test_an_event_says_why(devices, event, fields):
    with browsing(*devices) as browser:
        pending = browser.page.create()
        try:
            browser.events.wait_for(event, timeout=3, **fields)
        finally:
            pending.abort()
            pending.result(20)


def test_an_ended_request_is_told_in_one_sentence():
    with browsing("--phone", "gate=ignore") as browser:
        pending = browser.page.create(residentKey="required")
        browser.events.wait_for("asked")
        pending.abort()
        assert pending.result(10).error == ABORTED
        failed = browser.events.wait_for("failed")
        assert failed["message"].startswith("the other device closed the connection"), failed
        # People are told after the event is written.
        wait_until(lambda: browser.tool.sentences == ["aikagi: phone: " + failed["message"]])


def test_the_second_of_two_requests_is_refused_by_the_browser():
    with browsing("--phone", "name=one,away") as browser:
        pending = browser.page.create()
        browser.events.wait_for("discovering")
        assert browser.create().error in ("OperationError", DENIED)
        pending.abort()
        assert pending.result(10).error == ABORTED
        browser.plug("one")
        assert browser.create().error is None


def test_the_phone_in_hand_scans():
    with browsing("--phone", "name=one", "--phone", "name=two", "--phone", "name=three,away") as browser:
        for name in ("one", "two", "three", "one"):
            if browser.events.count("scanned"):
                browser.plug(name)
            before = len(browser.events.all)
            assert browser.create(residentKey="required").error is None
            assert browser.events.wait_for("scanned", before)["device"] == name
        # Each has its own passkeys.
        browser.plug("two")
        assert browser.get(allowed=browser.page.credentials[2:3]).error == DENIED
        assert browser.get(allowed=browser.page.credentials[1:2]).error is None


# The adapter


def with_keyboard(place) -> list[str]:
    """A Chromium on the session's screen, and a shell beside it that does what it reads."""
    command = f"{place.path}/command"
    subprocess.run(["mkfifo", command], check=True)
    flags = " ".join(["--no-first-run", f"--user-data-dir={place.path}/profile", *root_flags()])
    return ["sh", "-c", f'chromium {flags} "$@" & while read -r line; do eval "$line"; done <> {command}', "sh"]


ADAPTER = "org.bluez /org/bluez/hci0 org.bluez.Adapter1"
SWITCHES = {
    "by-the-dialog-create": ("create", ["xdotool key Return"]),
    "by-the-dialog-get": ("get", ["xdotool key Return"] * 2),
    "by-another-program": (
        "create",
        [f"busctl --address=$DBUS_SYSTEM_BUS_ADDRESS set-property {ADAPTER} Powered b true"],
    ),
}


@pytest.mark.parametrize("kind, commands", SWITCHES.values(), ids=SWITCHES)
def test_the_adapter_is_switched_on(kind, commands):
    for program in ("xdotool", "busctl"):
        if reason := reason_to_skip(program):
            pytest.skip(reason)
    with browsing("--phone", "--adapter", "off", command=with_keyboard) as browser:
        pending = browser.page.create(residentKey="required") if kind == "create" else browser.page.get()
        assert pending.is_pending(1.5), pending.result(1)
        assert browser.events.names() == ["adapter-off"]
        for command in commands:
            (browser.place.path / "command").write_text(command + "\n")
            if not pending.is_pending(1.5):
                break
        # Nobody has a passkey there yet.
        assert pending.result(15).error == (None if kind == "create" else DENIED)
        assert legs(browser, 0)[:6] == LEGS[:6]
        assert browser.create().error is None
