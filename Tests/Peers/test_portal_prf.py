"""The portal's page of a passkey has Chromium derive a secret (`prf`): its fingerprint is shown, the secret stays in the page.

The judge asks the browser for the same secret by the documented salt, and hashes it in Python.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from browser_run import PHONE_PROGRAMS, Place, reason_to_skip
from fido2.utils import websafe_decode, websafe_encode

DEVICES = {
    "key": (("--key", "platform"), ()),
    "phone": (("--phone",), PHONE_PROGRAMS),
}
SALT = b"Aikagi Portal PRF localhost"

#: Has a passkey derive, without the portal, from a salt: arguments are the credential ID and the salt.
DERIVE = """
const [id, salt, done] = arguments;
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
navigator.credentials.get({publicKey: {
  challenge: new Uint8Array(32), userVerification: "required",
  allowCredentials: [{type: "public-key", id: bytes(id), transports: ["usb", "hybrid", "internal"]}],
  extensions: {prf: {eval: {first: bytes(salt)}}},
}}).then((credential) => done(Array.from(new Uint8Array(credential.getClientExtensionResults().prf.results.first))),
         (error) => done(String(error)));
"""


def visit(url: str, password: str, is_headed: bool) -> None:
    """What a driver does within ``aikagi with``: prints what the page shows, one JSON object."""
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.expected_conditions import staleness_of, url_matches
    from selenium.webdriver.support.wait import WebDriverWait

    options = ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in ["--no-sandbox"] + ([] if is_headed else ["--headless"]):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    with Chrome(options=options, service=ChromeService(shutil.which("chromedriver"))) as browser:
        browser.implicitly_wait(60)
        browser.set_script_timeout(60)
        find = lambda selector: browser.find_element(By.CSS_SELECTOR, selector)  # noqa: E731
        browser.get(f"{url}/login?lang=en")
        find("#userID").send_keys("demo")
        find("#password").send_keys(password)
        find("form[action='/login'] button").click()
        # Chromium on Linux has no reader of the device's own: the page says so, and puts the other button first.
        assert "no reader of its own" in find(".no-reader:not([hidden])").text
        assert find("button[data-attachment='platform']").get_attribute("class") == "secondary"
        find("button[data-attachment='cross-platform']").click()
        find("form[action='/passkeys/name'] button").click()
        find("main[data-step~='2-1.8']")
        browser.get(f"{url}/settings/passkeys")
        find("a[href^='/settings/passkeys/']").click()
        shown = []
        for _ in range(3):
            outcome = find("[data-ceremony='derivation'] .outcome")
            find("[data-ceremony='derivation'] button").click()
            # The page is loaded anew once the portal has verified.
            WebDriverWait(browser, 60).until(staleness_of(outcome))
            outcome = find("[data-ceremony='derivation'] .outcome:not([hidden])")
            shown.append([outcome.text, "good" in outcome.get_attribute("class")])
        credential = find("[data-ceremony='derivation'] button").get_attribute("data-attachment")
        secret = browser.execute_async_script(DERIVE, credential, websafe_encode(SALT))
        other = browser.execute_async_script(DERIVE, credential, websafe_encode(SALT + b"!"))
        browser.refresh()
        find("[data-ceremony='derivation'] .outcome")
        after = find("[data-ceremony='derivation'] .outcome").is_displayed()
        kept = browser.execute_script("return JSON.stringify(sessionStorage)")
        messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
        sent = [
            message["params"]["request"].get("postData", "")
            for message in messages if message["method"] == "Network.requestWillBeSent"]
        # The page's form still works: the visit has another secret since.
        find("#name").clear()
        find("#name").send_keys("After")
        find("form[action^='/settings/passkeys/'] button").click()
        WebDriverWait(browser, 60).until(url_matches(r"/settings/passkeys$"))
        renamed = browser.find_element(By.TAG_NAME, "main").text
        find("footer button").click()
        WebDriverWait(browser, 60).until(url_matches(r"/login$"))
        find("#userID")
        left = browser.execute_script("return JSON.stringify(sessionStorage)")
    print(json.dumps({
        "shown": shown, "secret": secret, "other": other, "again": after, "kept": kept, "sent": sent, "renamed": renamed,
        "left": left}), flush=True)


def verify_download(file: Path, ceremonies: list[dict]) -> None:
    """`aikagi verify` reads what the pages offer for a bug report, with what failed before there was a response."""

    def verify(entries: list[dict]) -> subprocess.CompletedProcess:
        file.write_text(json.dumps({"origin": "x", "userAgent": "x", "ceremonies": entries}))
        return subprocess.run(
            [os.environ["AIKAGI"], "verify", "--json", str(file)], capture_output=True, text=True, timeout=60)

    failed = {"kind": "authentication", "began": "x", "error": {"name": "NotAllowedError", "message": "x"}}
    good = verify([failed, *ceremonies])
    verdicts = [json.loads(line) for line in good.stdout.splitlines()]
    assert good.returncode == 0, good.stderr
    assert [(verdict["index"], verdict["kind"]) for verdict in verdicts] == [
        (1 + index, entry["kind"]) for index, entry in enumerate(ceremonies)]
    assert all(verdict["accepted"] and verdict["userVerified"] for verdict in verdicts)
    assert "ceremony 0 of" in good.stderr and "NotAllowedError" in good.stderr
    # Out of order, or from elsewhere, and it says why.
    bad = verify([ceremonies[-1] | {"origin": "https://evil.example"}, *ceremonies[::-1]])
    errors = [json.loads(line).get("error") for line in bad.stdout.splitlines()]
    assert bad.returncode == 1 and errors[-1] is None and None not in errors[:-1], errors
    login = next(entry for entry in ceremonies if entry["kind"] == "authentication")
    alone = verify([login])
    assert "the file has no registration of this credential" in alone.stdout and alone.returncode == 1
    only_failed = verify([failed])
    assert only_failed.returncode == 1 and "holds no ceremonies" in only_failed.stderr


@pytest.mark.parametrize("devices, programs", DEVICES.values(), ids=DEVICES)
def test_a_derived_secret(devices, programs, tmp_path):
    reason = reason_to_skip("chromium", "chromedriver", *programs, keys=not programs)
    if reason:
        pytest.skip(reason)
    place = Place()
    data = place.path / "portal"
    password_file = place.path / "password"
    binary = os.environ["AIKAGI"]
    portal = subprocess.Popen(
        [binary, "portal", "--demo", "--json", "--data", str(data), "--password-file", str(password_file)],
        env=place.environment, stdout=subprocess.PIPE, text=True)
    try:
        url = next(json.loads(line)["url"] for line in portal.stdout if '"listening"' in line)
        password = password_file.read_text().strip()
        screen = ["--virtual-screen"] if programs else []
        run = subprocess.run(
            [binary, "with", *devices, *screen, "--", sys.executable, __file__, url, password, str(bool(programs))],
            env=place.environment, capture_output=True, text=True, timeout=400, check=False)
        assert run.returncode == 0, run.stderr
    finally:
        portal.terminate()
        portal.wait(60)
        place.close()
    told = json.loads(run.stdout.splitlines()[-1])
    secret, other = bytes(told["secret"]), bytes(told["other"])
    assert len(secret) == 32 == len(other) and secret != other
    fingerprint = hashlib.sha256(secret).hexdigest()
    assert [re.findall("[0-9a-f]{64}", text) for text, _ in told["shown"]] == [[fingerprint]] * 3
    assert all(is_good for _, is_good in told["shown"])
    first, *later = (text for text, _ in told["shown"])
    assert "A secret was derived" in first and all("The same secret as before" in text for text in later)
    # Shown once, and gone with the next look; nobody but the page had the secret.
    assert not told["again"]
    assert "After" in told["renamed"]
    ceremonies = json.loads(json.loads(told["kept"])["webauthn-ceremonies"])
    derivations = [entry for entry in ceremonies if "eval" in entry["options"].get("extensions", {}).get("prf", {})]
    assert len(derivations) == 3
    for entry in derivations:
        assert websafe_decode(entry["options"]["extensions"]["prf"]["eval"]["first"]) == SALT
        assert "results" not in entry["response"]["clientExtensionResults"].get("prf", {})
    assert sum('"prf":true' in body for body in told["sent"]) == 3
    for text in [told["kept"], *told["sent"]]:
        assert websafe_encode(secret) not in text and secret.hex() not in text
    # Of what was exchanged only the public part of the registration outlives the visit: with it later logins can be verified.
    left = json.loads(told["left"])
    assert list(left) == ["webauthn-ceremonies"]
    [registration] = json.loads(left["webauthn-ceremonies"])
    full = next(entry for entry in ceremonies if entry["kind"] == "registration")
    assert registration["response"] == full["response"] and registration["challenge"] == full["challenge"]
    assert set(registration["options"]) == {"challenge", "user", "pubKeyCredParams", "authenticatorSelection"}
    assert registration["options"]["user"] == {"id": full["options"]["user"]["id"]}
    assert "answer" not in registration and fingerprint not in told["left"]
    verify_download(tmp_path / "download.json", ceremonies)
    verify_download(tmp_path / "later.json", [registration, *(
        entry for entry in ceremonies if entry["kind"] == "authentication")])
    for file in data.rglob("*"):
        if file.is_file():
            assert secret not in file.read_bytes()


if __name__ == "__main__":
    visit(sys.argv[1], sys.argv[2], sys.argv[3] == "True")
